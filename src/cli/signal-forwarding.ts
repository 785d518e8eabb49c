/** Passes signals on to the command that runs. */
import { statFields } from "../sys/processes.js";

/** What is passed on: everything that can be caught and that programs send each other. */
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
/** What a terminal sends to its whole foreground group: the command has it already. */
const FROM_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH", "SIGCONT"]);

/**
 * Catches signals from now on, so that none ends this process before its work is done, and hands them on to the
 * command once there is one. Stop signals are not caught: they stop this process and the command alike, as a shell's
 * job control expects.
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

  /** From now on to there, beginning with those that came before. */
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

/** Whether this process's group is the one that its terminal's keys are for, proc_pid_stat(5): `pgrp` and `tpgid`. */
function isInForeground(): boolean {
  const fields = statFields("self");
  return fields[2] === fields[5];
}
