import type { ChildProcess, StdioOptions } from "node:child_process";
import type { Duplex } from "node:stream";
import type { Bytes } from "../base/bytes.js";
import { closeOnExecFrom } from "../sys/process.js";
import { type Started, start } from "./command.js";
import type { DirectorySet } from "./directory.js";
import type { Found } from "./find.js";
import { namespaceOf, processesIn } from "./processes.js";
import { findProgram, needProgram, rightsCommand } from "./programs.js";
import { forbidden } from "./refusal.js";
import { SetupError } from "./settings.js";
import { commandLine, quote } from "./shell.js";
import type { Plan, Stage } from "./stage.js";
import { bubblewrapOptions, mountCommands } from "./user-mounts.js";

/** A way into the namespaces: the words that come before the shell that does the rest. */
interface Way {
  readonly words: readonly string[];
  /** What that shell does before it becomes the command. */
  readonly commands: readonly string[];
  /** Whether it has the capabilities that it takes to give them up for good. */
  readonly hasCapabilities: boolean;
}

/**
 * Without root: through a user namespace, in which unshare(1) or bubblewrap may mount. Node can't do it itself, since
 * the kernel takes no process with several threads into a user namespace.
 */
export async function stageAsUser(plan: Plan, directories: DirectorySet, found?: Found): Promise<Stage> {
  const ways = found?.mode === "disconnected" ? [enterWay(plan, found)] : newWays(plan, directories);
  let refusal: Error | undefined;
  for (const way of ways) {
    const stage = await attempt(plan, way, directories);
    if (!(stage instanceof Error)) return stage;
    refusal ??= stage;
  }
  throw forbidden(true, refusal);
}

function newWays(plan: Plan, directories: DirectorySet): Way[] {
  const unshare = findProgram("unshare");
  const bwrap = findProgram("bwrap");
  if (unshare === undefined && bwrap === undefined)
    needProgram("unshare", "util-linux, or bwrap of bubblewrap");
  const ways: Way[] = [];
  if (unshare !== undefined) {
    const options = [
      "--user",
      "--map-current-user",
      "--mount",
      "--propagation",
      "slave",
      "--keep-caps",
      "--",
    ];
    ways.push({
      words: [unshare, ...options],
      commands: mountCommands(plan, directories),
      hasCapabilities: true,
    });
  }
  const mounts = bubblewrapOptions(plan, directories);
  if (bwrap !== undefined && mounts !== undefined) {
    ways.push({ words: [bwrap, ...mounts, "--"], commands: [], hasCapabilities: false });
  }
  if (ways.length === 0) {
    const why = "bubblewrap alone can't do this: no tmpfs by name, no noexec, no nosymfollow";
    throw new SetupError(
      "MISSING_PROGRAM",
      `this needs unshare (util-linux), which this host does not have; ${why}`,
    );
  }
  return ways;
}

/** Into the namespaces of a process, with what is mounted there. */
export function enterWay(plan: Pick<Plan, "expose" | "hasMountOptions">, { pids }: Pick<Found, "pids">): Way {
  const [pid] = pids;
  if (pid === undefined) throw new SetupError("NOT_FOUND", "no process lives in it any more");
  if (plan.expose.length > 0 || plan.hasMountOptions) {
    throw new SetupError(
      "BAD_OPTION",
      "without root a tmpfs is joined as it is: no mount options, nothing exposed",
    );
  }
  const nsenter = needProgram("nsenter", "util-linux");
  const words = [nsenter, "--user", "--mount", "--preserve-credentials", `--target=${pid}`, "--"];
  return { words, commands: [], hasCapabilities: false };
}

type Launch = Pick<Plan, "command" | "rights" | "env" | "stdio" | "cwd" | "openFiles">;

/** Sets up by the way; the refusal where the namespaces can't be had so. */
export async function attempt(plan: Launch, way: Way, directories: DirectorySet): Promise<Stage | Error> {
  if (plan.rights.user !== undefined || plan.rights.group !== undefined) {
    throw new SetupError("BAD_OPTION", "to run the command as another user or group needs root");
  }
  closeOnExecFrom(3);
  const { stdio, talk, saved } = withChannel(plan.stdio);
  const first = `exec ${saved}>&2 2>&${talk}; exec "$@"`;
  const argv = [
    "/bin/sh",
    "-c",
    first,
    "sh",
    ...way.words,
    "/bin/sh",
    "-c",
    script(plan, way, talk, saved),
    "sh",
  ];
  const started = start({ ...plan, argv: [...argv, ...plan.command], stdio });
  const reply = await conversation(started, started.child.stdio[talk] as unknown as Duplex);
  if (typeof reply === "string") return refusalOf(started.child, reply);
  const { pid, namespace } = reply;
  const isLive = (): boolean => namespace !== undefined && processesIn(namespace).length > 0;
  return { started, pid, directories, namespace, isLive, close: () => {} };
}

/** The command's streams, and two more: one to talk to the shell by, one where it keeps the command's stderr. */
function withChannel(stdio: StdioOptions): { stdio: StdioOptions; talk: number; saved: number } {
  const streams = typeof stdio === "string" ? [stdio, stdio, stdio] : [...stdio];
  while (streams.length < 3) streams.push("pipe");
  const isFree = (fd: number): boolean => streams[fd] === undefined || streams[fd] === "ignore";
  const [talk, saved] = [3, 4, 5, 6, 7, 8, 9].filter(isFree);
  if (talk === undefined || saved === undefined) {
    throw new SetupError("BAD_OPTION", "of the fds 3 to 9 two have to be free for the set-up");
  }
  while (streams.length <= talk) streams.push("ignore");
  streams[talk] = "pipe";
  return { stdio: streams, talk, saved };
}

/**
 * What the shell does: the mounts, the working directory as it is inside, a word that all went well, and when it has
 * been heard, the command in its place, with nothing left of the capabilities.
 */
function script({ cwd, rights }: Launch, way: Way, talk: number, saved: number): string {
  const fewer = { ...rights, noNewPrivileges: true, dropCapabilities: way.hasCapabilities };
  return [
    ...way.commands.map((command) => `${command} || exit 125`),
    ...changeDirectory(cwd.path, cwd.isInherited),
    `echo $$ >&${talk} && read -r _ <&${talk} || exit 125`,
    `exec 2>&${saved} ${saved}>&- ${talk}>&-`,
    `exec ${commandLine(rightsCommand(fewer))} "$@"`,
  ].join("\n");
}

function changeDirectory(path: Bytes, isInherited: boolean): string[] {
  if (!isInherited) return [`cd ${quote(path)} || exit 125`];
  const upwards = `_d="\${_d%/*}"; [ -n "$_d" ] || _d=/`;
  return [`_d=${quote(path)}`, `while ! cd "$_d" 2>/dev/null; do ${upwards}; done`];
}

interface Ready {
  readonly pid: number;
  readonly namespace: string | undefined;
}

/** Waits for the shell's word; what it complained of instead, where it ends without one. */
async function conversation(started: Started, channel: Duplex): Promise<Ready | string> {
  let said = "";
  channel.setEncoding("latin1");
  const ready = new Promise<Ready | string>((resolve) => {
    channel.on("data", (chunk: string) => {
      said += chunk;
      const pid = Number(/^([0-9]+)\n$/m.exec(said)?.[1]);
      if (!(pid > 0)) return;
      // It still waits for the answer, so it is there to be asked for its namespace.
      resolve({ pid, namespace: namespaceOf(pid) || undefined });
      channel.end("\n");
    });
    channel.on("error", () => resolve(said));
    channel.on("close", () => resolve(said));
  });
  return Promise.race([ready, started.ended.then(() => ready)]);
}

async function refusalOf(child: ChildProcess, said: string): Promise<Error> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  const words = said.trim().split("\n").at(-1) ?? "";
  const isRefused = /^(unshare|bwrap|nsenter|setpriv): /.test(words);
  const error = new Error(words === "" ? "the set-up ended without a word" : words);
  if (!isRefused) throw new SetupError("FAILED", error.message, error);
  return error;
}
