import type { StdioOptions } from "node:child_process";
import { type Bytes, toText } from "../base/bytes.js";
import { type Ended, exitStatus, type Rights, type Running, SetupError } from "../private-tmp/index.js";
import { inheritedOpenFiles } from "../private-tmp/limits.js";
import type { SignalForwarding } from "../private-tmp/signals.js";
import { type Option, UsageError, type Values } from "./options.js";
import type { Sink } from "./sink.js";

/** The exit status where the command was not run, as of env(1) and timeout(1). */
export const SETUP_FAILED = 125;

const GROUP = "Rights";

/** The options by which a command is started with less than the caller has. */
export const RIGHTS = [
  {
    name: "user",
    short: "u",
    value: "USER",
    completes: "user",
    group: GROUP,
    help: "Run COMMAND as this user, with the groups that it is in",
  },
  { name: "group", short: "g", value: "GROUP", group: GROUP, help: "Run COMMAND with this group" },
  {
    name: "no-new-privs",
    group: GROUP,
    help: "COMMAND gains no rights by what it executes, as by set-uid programs",
  },
  { name: "drop-caps", group: GROUP, help: "COMMAND has no capabilities, also as root" },
  {
    name: "pass-fds",
    value: "FD,...",
    group: "Processes",
    help: "COMMAND inherits these open files; all others from 3 on are closed for it",
  },
  {
    name: "die-with-parent",
    group: "Processes",
    help: "COMMAND is killed if mayfly is",
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

/** Standard streams, and the fds asked for by the same numbers. */
export function stdioWith(passed: Bytes | undefined): StdioOptions {
  const stdio: ("inherit" | "ignore" | number)[] = ["inherit", "inherit", "inherit"];
  for (const word of passed?.split(",") ?? []) {
    const fd = /^[0-9]{1,4}$/.test(word) ? Number(word) : -1;
    if (fd < 0)
      throw new UsageError(`option '--pass-fds' takes numbers with commas between, not '${passed}'`);
    while (stdio.length <= fd) stdio.push("ignore");
    stdio[fd] = fd;
  }
  return stdio;
}

interface Supervision {
  readonly program: string;
  readonly stderr: Sink;
  readonly signals: SignalForwarding;
  readonly isQuiet: boolean;
}

/** Starts the command and stays with it to the end; returns the exit status. */
export async function privately(
  { program, stderr, signals, isQuiet }: Supervision,
  command: string,
  begin: (onNotice: (text: string) => void, openFiles: { openFiles?: bigint }) => Promise<Running>,
): Promise<number> {
  const tell = (text: string): void => stderr.write(`${program}: ${text}\n`);
  const onNotice = (text: string): void => {
    if (!isQuiet) tell(text);
    // The command writes to the same place, later.
    stderr.flush();
  };
  try {
    const openFiles = inheritedOpenFiles();
    const running = await begin(onNotice, openFiles === undefined ? {} : { openFiles });
    signals.to((signal) => running.kill(signal));
    const ended = await running.ended;
    for (const line of explainEnd(ended, command, running.directories)) tell(line);
    return exitStatus(ended);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    tell(error.message);
    return SETUP_FAILED;
  }
}

/** What there is to say of how it ended. */
function explainEnd(ended: Ended, command: string, directories: readonly string[]): string[] {
  const { error, release } = ended;
  const lines: string[] = [];
  if (error !== undefined)
    lines.push(`${command}: ${error.code === "ENOENT" ? "no such command" : error.code}`);
  if (release.outcome === "lingering" && directories.length > 0) {
    lines.push(
      `processes that ${command} left behind still use ${directories.join(" and ")}; mayfly reap removes it after them`,
    );
  }
  if (release.outcome === "left") {
    for (const { error: why } of release.left) lines.push(`could not be removed: ${why.message}`);
  }
  return lines;
}
