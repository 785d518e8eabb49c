/** Forwards signals to a command that this process runs. */
import { statFields } from "./processes.js";

/** The catchable signals that programs send to each other. */
const FORWARDED = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGCONT",
  "SIGWINCH",
] as const satisfies readonly NodeJS.Signals[];
/** Signals that a terminal sends to its whole foreground process group, so the command gets them anyway. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH", "SIGCONT"]);

/**
 * Catches signals, so that none ends this process before its work is done, and forwards them to the command once it
 * runs. Stop signals are not caught: they stop this process and the command alike, as job control expects.
 */
export class SignalForwarding implements Disposable {
  #send: ((signal: NodeJS.Signals) => void) | undefined;
  readonly #early: NodeJS.Signals[] = [];
  readonly #handlers = new Map<NodeJS.Signals, () => void>();

  constructor() {
    for (const signal of FORWARDED) {
      const handler = (): void => this.#take(signal);
      this.#handlers.set(signal, handler);
      process.on(signal, handler);
    }
  }

  /** Sends pending and future signals to `send`. */
  to(send: (signal: NodeJS.Signals) => void): void {
    this.#send = send;
    for (const signal of this.#early.splice(0)) send(signal);
  }

  #take(signal: NodeJS.Signals): void {
    if (this.#send === undefined) this.#early.push(signal);
    else if (!FROM_TERMINAL.has(signal) || !isInForeground()) this.#send(signal);
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}

/** Whether this process is in the foreground process group of its terminal (`pgrp` and `tpgid` in proc_pid_stat(5)). */
function isInForeground(): boolean {
  const fields = statFields("self");
  return fields[2] === fields[5];
}
