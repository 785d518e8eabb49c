/** The options and the supervision that `mayfly run` and `mayfly enter` share. */
import type { StdioOptions } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { type Bytes, escapeForDisplay, toText } from "../base/bytes.js";
import { errnoWords } from "../base/errno-words.js";
import { type Ended, exitStatus, type Rights, type Running, SetupError } from "../private-tmp/index.js";
import type { SignalForwarding } from "../sys/signal-forwarding.js";
import { inheritedOpenFiles } from "./inherited-limits.js";
import { type Option, UsageError, type Values } from "./options.js";
import type { OutputStream } from "./output-stream.js";

/** The exit status if COMMAND was not run, as in env(1) and timeout(1). */
export const SETUP_FAILED = 125;

const GROUP = "Rights";

/** Options that reduce COMMAND's privileges. */
export const RIGHTS = [
  {
    name: "user",
    short: "u",
    value: "USER",
    completes: "user",
    group: GROUP,
    help: "Run COMMAND as this user, with that user's groups",
  },
  { name: "group", short: "g", value: "GROUP", group: GROUP, help: "Run COMMAND with this group" },
  {
    name: "no-new-privs",
    group: GROUP,
    help: "Prevent COMMAND from gaining privileges, for example through set-uid programs",
  },
  { name: "drop-caps", group: GROUP, help: "Run COMMAND without capabilities, even as root" },
  {
    name: "pass-fds",
    value: "FD,...",
    group: "Processes",
    help: "Pass these file descriptors to COMMAND; all others above 2 are closed",
  },
  {
    name: "die-with-parent",
    group: "Processes",
    help: "Kill COMMAND if mayfly is killed",
  },
] as const satisfies readonly Option[];

export function rightsOf(options: Values<typeof RIGHTS>): Rights {
  return {
    noNewPrivileges: options["no-new-privs"],
    dropCapabilities: options["drop-caps"],
    dieWithParent: options["die-with-parent"],
    ...(options.user === undefined ? {} : { user: toText(options.user) }),
    ...(options.group === undefined ? {} : { group: toText(options.group) }),
  };
}

/** The standard streams, and the file descriptors of --pass-fds under the same numbers. */
export function stdioWith(passed: Bytes | undefined): StdioOptions {
  const stdio: ("inherit" | "ignore" | number)[] = ["inherit", "inherit", "inherit"];
  for (const word of passed?.split(",") ?? []) {
    const fd = /^[0-9]{1,4}$/.test(word) ? Number(word) : -1;
    if (fd < 0)
      throw new UsageError(
        `invalid --pass-fds "${escapeForDisplay(word as Bytes)}": expected numbers separated by commas`,
      );
    if (!isOpen(fd)) throw new UsageError(`invalid --pass-fds: file descriptor ${fd} is not open`);
    while (stdio.length <= fd) stdio.push("ignore");
    stdio[fd] = fd;
  }
  return stdio;
}

/** Whether the caller passed it. Excludes Node's own file descriptors: event queues, and pipes with both ends in this process. */
function isOpen(fd: number): boolean {
  const link = linkOf(fd);
  if (link === undefined || /^anon_inode:\[(eventpoll|eventfd|io_uring)\]$/.test(link)) return false;
  if (!link.startsWith("pipe:")) return true;
  const fds = readdirSync("/proc/self/fd").map(Number);
  return fds.filter((other) => other > 2 && linkOf(other) === link).length < 2;
}

function linkOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

interface Supervision {
  readonly program: string;
  readonly stderr: OutputStream;
  readonly signals: SignalForwarding;
  readonly isQuiet: boolean;
}

/** Starts the command, waits for it, and returns the exit status. */
export async function privately(
  { program, stderr, signals, isQuiet }: Supervision,
  command: string,
  begin: (onNotice: (text: string) => void, openFiles: { openFiles?: bigint }) => Promise<Running>,
): Promise<number> {
  const print = (text: string): void => stderr.write(`${program}: ${text}\n`);
  const onNotice = (text: string): void => {
    if (!isQuiet) print(text);
    // The command writes to the same terminal after this.
    stderr.flush();
  };
  try {
    const openFiles = inheritedOpenFiles();
    const running = await begin(onNotice, openFiles === undefined ? {} : { openFiles });
    signals.to((signal) => running.kill(signal));
    const ended = await running.ended;
    for (const line of explainEnd(ended, command, running)) print(line);
    return exitStatus(ended);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    print(error.message);
    return SETUP_FAILED;
  }
}

/** Messages about a failed start and about what is left behind. */
function explainEnd(ended: Ended, command: string, { directories, hiding }: Running): string[] {
  const { error, release } = ended;
  const lines: string[] = [];
  if (hiding !== undefined && exitStatus(ended) === 127) {
    lines.push(`${command}: hidden by the private /tmp (use ${hiding})`);
  } else if (error !== undefined) {
    const why = error.code === "ENOENT" ? "command not found" : errnoWords(error.code ?? "");
    lines.push(`${command}: ${why ?? error.code}`);
  }
  if (release.outcome === "lingering" && directories.length > 0) {
    const what = `background processes started by ${command} still use ${directories.join(" and ")}`;
    lines.push(`${what}; run "mayfly reap" once they have exited`);
  }
  if (release.outcome === "left") {
    for (const { error: why } of release.left) lines.push(`cannot remove the private /tmp: ${why.message}`);
  }
  return lines;
}
