/** Starts a command, and reports how it ended. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import { openFilesLimit, setOpenFilesLimit } from "../sys/process.js";
import type { UserCredentials } from "./programs.js";

export interface StartOptions {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  /** The soft limit of open files for the command. Node raises its own to the hard limit. */
  readonly openFiles?: bigint;
  /** The user and group to start it as, without supplementary groups; those of the caller by default. */
  readonly credentials?: UserCredentials;
}

/** How the command ended: with an exit status, by a signal, or with an error because it could not be started. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: NodeJS.ErrnoException;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandEnd>;
}

/** Starts the command in the namespaces and working directory of the calling thread. */
export function startCommand({ argv, env, stdio, openFiles, credentials }: StartOptions): Started {
  const [file = "", ...args] = argv;
  const child = withOpenFiles(openFiles, () => spawn(file, args, { env, stdio, ...credentials }));
  const ended = new Promise<CommandEnd>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.on("error", (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
  });
  return { child, ended };
}

/** Limits are inherited, so this process sets its own limit while it forks. */
function withOpenFiles<Result>(soft: bigint | undefined, act: () => Result): Result {
  if (soft === undefined) return act();
  const own = openFilesLimit();
  setOpenFilesLimit({ soft: soft < own.hard ? soft : own.hard, hard: own.hard });
  try {
    return act();
  } finally {
    setOpenFilesLimit(own);
  }
}

/** The exit status as in a shell: that of the command, 128 plus the number of the signal, 127 if the command was not found, 126 if it cannot be executed. */
export function exitStatus({ code, signal, error }: CommandEnd): number {
  if (error !== undefined) return error.code === "ENOENT" ? 127 : 126;
  if (signal !== null) return 128 + constants.signals[signal];
  return code ?? 1;
}
