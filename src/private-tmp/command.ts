/** Starts the command, and reports how it ended. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import { openFilesLimit, setOpenFilesLimit } from "../sys/process.js";
import type { UserCredentials } from "./programs.js";

/** Starts a command, and says how it ended. */
export interface StartOptions {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  /** The soft limit of open files for it: Node raises its own to the hard one. */
  readonly openFiles?: bigint;
  /** Whom it starts as, without further groups; the caller if not given. */
  readonly credentials?: UserCredentials;
}

/** How the command ended: with a code, by a signal, or not started at all. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: NodeJS.ErrnoException;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandEnd>;
}

/** Starts the command where the calling thread stands, in its namespaces and its working directory. */
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

/** A limit is inherited, so it has to be ours for the moment of the fork. */
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

/** The status that a shell would give: the code, 128 plus the signal's number, 127 if the command was not found, 126 if it can't be executed. */
export function exitStatus({ code, signal, error }: CommandEnd): number {
  if (error !== undefined) return error.code === "ENOENT" ? 127 : 126;
  if (signal !== null) return 128 + constants.signals[signal];
  return code ?? 1;
}
