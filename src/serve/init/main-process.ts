/** The command that `mayfly serve -- COMMAND` runs beside itself: starts it, signals it, and returns its status as a shell does. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { errnoWords } from "../../base/errno-words.js";
import type { Reaper } from "./reaper.js";

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
const SIGNALLED = 128;

/** Variables by which the service manager talks to this process only: sd_notify(3), sd_watchdog_enabled(3). */
const OWN_VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/** The command could not be started. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly status: number;

  constructor(command: string, { code = "", message }: NodeJS.ErrnoException) {
    super(`${command}: ${code === "ENOENT" ? "command not found" : (errnoWords(code) ?? message)}`);
    this.status = code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
  }
}

export interface MainProcess {
  readonly pid: number;
  /** Its exit status, or 128 plus the number of the signal that ended it. */
  readonly ended: Promise<number>;
  send(signal: NodeJS.Signals): void;
}

/** @throws StartError */
export function startMain([file = "", ...args]: readonly string[], reaper: Reaper): Promise<MainProcess> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !OWN_VARIABLES.includes(name)),
  );
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: "inherit", env });
    const { pid } = child;
    if (pid !== undefined) reaper.started(pid);
    const ended = new Promise<number>((end) => {
      child.once("exit", (status, signal) => {
        if (pid !== undefined) reaper.ended(pid);
        end(status ?? SIGNALLED + constants.signals[signal ?? "SIGKILL"]);
      });
    });
    child.once("error", (error) => reject(new StartError(file, error)));
    child.once("spawn", () => resolve({ pid: pid as number, ended, send: (signal) => child.kill(signal) }));
  });
}
