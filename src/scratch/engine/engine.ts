/** The engine as the main thread sees it: one thread, which works on one unit at a time. */
import { Worker } from "node:worker_threads";
import type { Intent, Result } from "../journal.js";
import type { WorkUnit } from "../unit.js";
import { Gate } from "./gate.js";
import type { EngineMessage, EngineSettings, EngineTask, UnitTotals } from "./messages.js";

/** What the engine asks for. What `intend` and `publish` return is the answer that it waits for. */
export interface EngineListener {
  intend(intent: Intent): Promise<boolean>;
  outcome(outcome: Result): void;
  publish(units: readonly WorkUnit[]): Promise<boolean>;
}

export class Engine implements AsyncDisposable {
  readonly gate = new Gate();
  readonly #thread: Worker;

  constructor(settings: Omit<EngineSettings, "memory">) {
    this.#thread = new Worker(new URL("./unit-thread.js", import.meta.url), {
      workerData: { ...settings, memory: this.gate.memory } satisfies EngineSettings,
    });
  }

  /** Works on a unit until it is done or the gate is closed. */
  work(
    task: EngineTask,
    listener: EngineListener,
  ): Promise<{ readonly totals: UnitTotals; readonly complete: boolean }> {
    const thread = this.#thread;
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        this.gate.answer(false);
        reject(error as Error);
      };
      const ended = (): void => reject(new Error("the engine's thread ended early"));
      const receive = (message: EngineMessage): void => {
        if (message.type === "outcome") listener.outcome(message.outcome);
        else if (message.type === "done") {
          thread.off("message", receive).off("error", fail).off("exit", ended);
          resolve(message);
        } else {
          const asked =
            message.type === "intend" ? listener.intend(message.intent) : listener.publish(message.units);
          asked.then((yes) => this.gate.answer(yes), fail);
        }
      };
      thread.on("message", receive).on("error", fail).on("exit", ended);
      thread.postMessage(task);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.gate.stop();
    await this.#thread.terminate();
  }
}
