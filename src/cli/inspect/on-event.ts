import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Bytes, toText } from "../../base/bytes.js";
import type { WatchEvent } from "../../inspect/index.js";
import { watchJson } from "./watch-json.js";

/** More than this many waiting are dropped: a command can't keep up with a removal of millions. */
const MOST_WAITING = 1_000;
const NONE = "" as Bytes;

/**
 * Runs a command for each event, one after the other. What is told of the event comes by the environment and standard input,
 * never by the command's text: names are others' choice.
 */
export class EventCommand {
  readonly #command: string;
  readonly #waiting: WatchEvent[] = [];
  #working: Promise<void> | undefined;
  dropped = 0;

  constructor(command: string) {
    this.#command = command;
  }

  push(event: WatchEvent): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.dropped++;
      return;
    }
    this.#waiting.push(event);
    this.#working ??= this.#work();
  }

  /** Settled when all have run. */
  async finish(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      await run(this.#command, event);
    }
    this.#working = undefined;
  }
}

async function run(command: string, event: WatchEvent): Promise<void> {
  const { op, path, actor } = event;
  const environment = {
    ...process.env,
    MAYFLY_OP: op,
    MAYFLY_PATH: toText(path),
    MAYFLY_PID: `${actor.pid}`,
    MAYFLY_EXE: toText(actor.exe ?? NONE),
    MAYFLY_UNIT: toText(actor.unit ?? NONE),
  };
  const child = spawn("/bin/sh", ["-c", command], {
    env: environment,
    stdio: ["pipe", "inherit", "inherit"],
  });
  // The command need not read what it is told.
  child.stdin.on("error", () => {});
  child.stdin.end(`${watchJson(event)}\n`);
  await once(child, "exit");
}
