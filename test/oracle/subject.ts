/** Mayfly's drop-in as a program to compare: most cases in long-running processes, and some as users start it. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { NOBODY } from "../ordinary-user.js";
import type { Instrument } from "./instrument.js";
import { type Call, callOf, LOCALE, type Outcome, type Program, start } from "./program.js";

const ROOT = join(import.meta.dirname, "../../..");
const LIMIT_MS = 60_000;

interface Worker {
  run(call: Call): Promise<Outcome>;
  close(): void;
}

export function openWorker(environment: Readonly<Record<string, string>>, unprivileged: boolean): Worker {
  const child: ChildProcess = fork(join(import.meta.dirname, "worker.js"), {
    env: { ...process.env, ...LOCALE, ...environment },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    ...(unprivileged ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  return {
    run: (call) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
        const died = (code: number | null, signal: string | null): void => {
          clearTimeout(limit);
          reject(new Error(`the process that runs the cases died: ${code ?? signal}`));
        };
        child.once("exit", died);
        child.once("message", (outcome: Outcome) => {
          clearTimeout(limit);
          child.off("exit", died);
          resolve(outcome);
        });
        child.send(call);
      }),
    close: () => {
      if (child.connected) child.disconnect();
    },
  };
}

export interface Settings {
  /** How many threads walk; all walks are shared, however few entries they have. */
  readonly jobs?: number;
  /** Each walk is that of a second run, with the index that a dry run before it has filled. */
  readonly indexed?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The clock is moved by the same preloaded library as that of the real one; so there is a process for each shift. */
export function ourProgram(tools: Instrument, settings: Settings = {}): Program {
  const workers = new Map<string, Worker>();
  const worker = (environment: Readonly<Record<string, string>>, unprivileged: boolean): Worker => {
    const key = JSON.stringify([environment, unprivileged]);
    const found = workers.get(key) ?? openWorker(environment, unprivileged);
    workers.set(key, found);
    return found;
  };
  return {
    name: "mayfly",
    run(one, copy) {
      const environment = {
        ...settings.environment,
        LD_PRELOAD: tools.clock,
        MAYFLY_CLOCK_SHIFT: `${one.clockDays * 86_400}`,
      };
      const settled =
        settings.jobs === undefined
          ? {}
          : { settled: { jobs: settings.jobs, index: settings.indexed ? `${copy.at}/../index` : undefined } };
      const call = { ...callOf(one, copy), ...settled };
      if (one.delivery !== "stdin") return worker(environment, one.unprivileged).run(call);
      const args = [join(ROOT, "bin/mayfly.js"), "tmpfiles", ...call.args];
      return start(process.execPath, {
        ...call,
        args,
        environment: { ...call.environment, ...environment },
      });
    },
    close() {
      for (const one of workers.values()) one.close();
      workers.clear();
    },
  };
}
