/** The command that mayfly watch --exec runs for each event. */
import { spawn } from "node:child_process";
import { type Bytes, isUtf8, toText } from "../../base/bytes.js";
import type { WatchEvent } from "../../inspect/index.js";
import { watchJson } from "./watch-json.js";

/** More than this many waiting are dropped: a command can't keep up with a removal of millions. */
const MOST_WAITING = 1_000;
const NONE = "" as Bytes;
/** Node's environment is text: what is no UTF-8 goes in as octal escapes, and a shell makes bytes of it again. */
const DECODE = [
  ...["MAYFLY_PATH", "MAYFLY_TO", "MAYFLY_EXE", "MAYFLY_UNIT"].map(
    // The dot keeps a newline at the end, which $() would cut off.
    (name) => `${name}=$(printf '%b.' "$${name}") && ${name}=\${${name}%.} && export ${name} &&`,
  ),
  'exec /bin/sh -c "$1"',
].join(" ");

/** What came of the commands. */
export interface CommandResults {
  /** Events that no command was run for. */
  readonly dropped: number;
  readonly failed: number;
  /** How the last one failed, in words. */
  readonly failure: string | undefined;
}

/**
 * Runs a command for each event, one after the other. What is told of the event comes by the environment and standard input,
 * never by the command's text: names are others' choice.
 */
export class EventCommand {
  readonly #command: string;
  readonly #waiting: WatchEvent[] = [];
  #working: Promise<void> | undefined;
  #dropped = 0;
  #failed = 0;
  #failure: string | undefined;

  constructor(command: string) {
    this.#command = command;
  }

  push(event: WatchEvent): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(event);
    this.#working ??= this.#work();
  }

  /** Settled when all have run. */
  async finish(): Promise<CommandResults> {
    await this.#working;
    return { dropped: this.#dropped, failed: this.#failed, failure: this.#failure };
  }

  async #work(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const failure = await run(this.#command, event);
      if (failure === undefined) continue;
      this.#failed++;
      this.#failure = failure;
    }
    this.#working = undefined;
  }
}

/** How it failed, in words. */
function run(command: string, event: WatchEvent): Promise<string | undefined> {
  const { op, path, to = NONE, actor } = event;
  const told = { PATH: path, TO: to, EXE: actor.exe ?? NONE, UNIT: actor.unit ?? NONE };
  const isText = Object.values(told).every(isUtf8);
  const encode = isText ? toText : octal;
  const environment = {
    ...process.env,
    MAYFLY_OP: op,
    MAYFLY_PID: `${actor.pid}`,
    ...Object.fromEntries(Object.entries(told).map(([name, value]) => [`MAYFLY_${name}`, encode(value)])),
  };
  const child = spawn("/bin/sh", isText ? ["-c", command] : ["-c", DECODE, "sh", command], {
    env: environment,
    stdio: ["pipe", "inherit", "inherit"],
  });
  // The command need not read what it is told.
  child.stdin.on("error", () => {});
  child.stdin.end(`${watchJson(event)}\n`);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal === null ? `with status ${code}` : `by ${signal}`);
    });
  });
}

function octal(value: Bytes): string {
  return [...value].map((byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, "0")}`).join("");
}
