/** Sets up a private /tmp without root, by unshare(1), bubblewrap or nsenter(1). */
import type { ChildProcess, StdioOptions } from "node:child_process";
import type { Duplex } from "node:stream";
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { closeOnExecFrom } from "../sys/process.js";
import { type Started, startCommand } from "./command.js";
import type { DirectorySet } from "./directory.js";
import { closeHoles, type PlannedHole, planExposed } from "./expose.js";
import type { Found } from "./find.js";
import { namespaceOf, processesIn } from "./processes.js";
import { findProgram, needProgram, rightsCommand } from "./programs.js";
import { forbidden } from "./refusal.js";
import type { Plan, Session } from "./session.js";
import { SetupError } from "./settings.js";
import { commandLine, quote } from "./shell.js";
import { bubblewrapOptions, exposureChecks, mountCommands } from "./user-mounts.js";

/** How to enter the namespaces: the command line in front of the shell that does the rest. */
interface Way {
  readonly words: readonly string[];
  /** The commands that the shell runs before it executes the command. */
  readonly commands: readonly string[];
  /** Whether the shell has the capabilities that are needed to drop capabilities permanently. */
  readonly hasCapabilities: boolean;
}

/**
 * Without root, the mounts are made in a user namespace by unshare(1) or bubblewrap. Node cannot do it itself, since the
 * kernel does not let a multi-threaded process enter a user namespace.
 */
export async function prepareAsUser(plan: Plan, directories: DirectorySet, found?: Found): Promise<Session> {
  if (found?.mode === "disconnected") return firstThatWorks(plan, [enterWay(plan, found)], directories);
  const exposed = planExposed(plan.expose, plan.targets);
  try {
    return await firstThatWorks(plan, newWays(plan, directories, exposed), directories);
  } finally {
    closeHoles(exposed);
  }
}

async function firstThatWorks(plan: Plan, ways: readonly Way[], directories: DirectorySet): Promise<Session> {
  let refusal: Error | undefined;
  for (const way of ways) {
    const session = await attemptAsUser(plan, way, directories);
    if (!(session instanceof Error)) return session;
    refusal ??= session;
  }
  throw forbidden(true, refusal);
}

function newWays(plan: Plan, directories: DirectorySet, exposed: readonly PlannedHole[]): Way[] {
  const checks = exposureChecks(exposed);
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
      commands: [...mountCommands(plan, directories, exposed), ...checks],
      hasCapabilities: true,
    });
  }
  const mounts = bubblewrapOptions(plan, directories);
  if (bwrap !== undefined && mounts !== undefined) {
    ways.push({ words: [bwrap, ...mounts, "--"], commands: checks, hasCapabilities: false });
  }
  if (ways.length === 0) {
    const why = "bubblewrap alone does not support a named tmpfs, noexec and nosymfollow";
    throw new SetupError("MISSING_PROGRAM", `unshare not found; install util-linux (${why})`);
  }
  return ways;
}

/** Enters the namespaces of a process, with its mounts. */
export function enterWay(plan: Pick<Plan, "expose" | "hasMountOptions">, { pids }: Pick<Found, "pids">): Way {
  const [pid] = pids;
  if (pid === undefined) throw new SetupError("NOT_FOUND", "no process uses this private /tmp any more");
  if (plan.expose.length > 0 || plan.hasMountOptions) {
    throw new SetupError(
      "BAD_OPTION",
      "cannot join a tmpfs with mount options or exposed paths without root",
    );
  }
  const nsenter = needProgram("nsenter", "util-linux");
  const words = [nsenter, "--user", "--mount", "--preserve-credentials", `--target=${pid}`, "--"];
  return { words, commands: [], hasCapabilities: false };
}

type Launch = Pick<Plan, "command" | "rights" | "env" | "stdio" | "cwd" | "openFiles">;

/** Starts the command; returns the refusal if the host does not allow the namespaces. */
export async function attemptAsUser(
  plan: Launch,
  way: Way,
  directories: DirectorySet,
): Promise<Session | Error> {
  if (plan.rights.user !== undefined || plan.rights.group !== undefined) {
    throw new SetupError("BAD_OPTION", "cannot run the command as another user or group without root");
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
  const started = startCommand({ ...plan, argv: [...argv, ...plan.command], stdio });
  const reply = await conversation(started, started.child.stdio[talk] as unknown as Duplex);
  if (typeof reply === "string") return refusalOf(started.child, reply);
  const { pid, namespace, error } = reply;
  const ended = error === undefined ? started.ended : started.ended.then((end) => ({ ...end, error }));
  const isLive = (): boolean => namespace !== undefined && processesIn(namespace).length > 0;
  return { started: { ...started, ended }, pid, directories, namespace, isLive, close: () => {} };
}

/** The command's streams, and two more: one for messages to and from the shell, one in which it saves the command's stderr. */
function withChannel(stdio: StdioOptions): { stdio: StdioOptions; talk: number; saved: number } {
  const streams = typeof stdio === "string" ? [stdio, stdio, stdio] : [...stdio];
  while (streams.length < 3) streams.push("pipe");
  const isFree = (fd: number): boolean => streams[fd] === undefined || streams[fd] === "ignore";
  const [talk, saved] = [3, 4, 5, 6, 7, 8, 9].filter(isFree);
  if (talk === undefined || saved === undefined) {
    throw new SetupError("BAD_OPTION", "two of the file descriptors 3 to 9 must be free for the setup");
  }
  while (streams.length <= talk) streams.push("ignore");
  streams[talk] = "pipe";
  return { stdio: streams, talk, saved };
}

/**
 * The shell makes the mounts, changes to the working directory inside, and reports success. After an answer, it executes
 * the command without capabilities.
 */
function script({ cwd, rights }: Launch, way: Way, talk: number, saved: number): string {
  const fewer = { ...rights, noNewPrivileges: true, dropCapabilities: way.hasCapabilities };
  return [
    ...way.commands.map((command) => `${command} || exit 125`),
    ...changeDirectory(cwd.path, cwd.isInherited),
    ...PROGRAM_STATUS,
    `echo "$$ $_s" >&${talk} && read -r _ <&${talk} || exit 125`,
    'test "$_s" = 0 || exit "$_s"',
    `exec 2>&${saved} ${saved}>&- ${talk}>&-`,
    `exec ${commandLine(rightsCommand(fewer))} "$@"`,
  ].join("\n");
}

/**
 * Checks whether the command can be executed, with status 0, 126 or 127. setpriv(1) would check it too, but prints the
 * command's name to the terminal without escaping it.
 */
const PROGRAM_STATUS = [
  "_s=0; case $1 in",
  '*/*) if ! test -e "$1"; then _s=127; elif test -d "$1" || ! test -x "$1"; then _s=126; fi;;',
  '*) command -v -- "$1" >/dev/null || _s=127;;',
  "esac",
];

function changeDirectory(path: Bytes, isInherited: boolean): string[] {
  if (!isInherited) return [`cd ${quote(path)} || exit 125`];
  const upwards = `_d="\${_d%/*}"; [ -n "$_d" ] || _d=/`;
  return [`_d=${quote(path)}`, `while ! cd "$_d" 2>/dev/null; do ${upwards}; done`];
}

interface Ready {
  readonly pid: number;
  readonly namespace: string | undefined;
  /** Why the command could not be started. */
  readonly error: NodeJS.ErrnoException | undefined;
}

/** Waits for the shell's report; if the shell exits without one, returns its error messages. */
async function conversation(started: Started, channel: Duplex): Promise<Ready | string> {
  let said = "";
  channel.setEncoding("latin1");
  const ready = new Promise<Ready | string>((resolve) => {
    channel.on("data", (chunk: string) => {
      said += chunk;
      const [, pid = "", status] = /^([0-9]+) ([0-9]+)\n$/m.exec(said) ?? [];
      if (pid === "") return;
      // The shell waits for the answer, so its namespace can be read now.
      resolve({ pid: Number(pid), namespace: namespaceOf(pid) || undefined, error: startError(status) });
      channel.end("\n");
    });
    channel.on("error", () => resolve(said));
    channel.on("close", () => resolve(said));
  });
  return Promise.race([ready, started.ended.then(() => ready)]);
}

function startError(status: string | undefined): NodeJS.ErrnoException | undefined {
  if (status === "0") return undefined;
  const code = status === "127" ? "ENOENT" : "EACCES";
  return Object.assign(new Error(code), { code });
}

/** A hint that mount(8) adds below its reason. */
const HINT = /^\s*dmesg\(1\) /;

async function refusalOf(child: ChildProcess, said: string): Promise<Error> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  const lines = said.trim().split("\n");
  const words = escapeForDisplay((lines.findLast((line) => !HINT.test(line)) ?? "") as Bytes);
  const isRefused = /^(unshare|bwrap|nsenter|setpriv): /.test(words);
  const error = new Error(words === "" ? "the setup failed without a message" : words);
  if (!isRefused) throw new SetupError("FAILED", error.message, error);
  return error;
}
