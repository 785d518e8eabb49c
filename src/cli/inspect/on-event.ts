/** Runs the command of mayfly watch --exec for each event. */
import { spawn } from "node:child_process";
import { type Bytes, isUtf8, toText } from "../../base/bytes.js";
import type { WatchEvent } from "../../inspect/index.js";
import { watchJson } from "./watch-json.js";

/** If more events are waiting, new ones are dropped: no command keeps up with the removal of millions of files. */
const MAX_WAITING = 1_000;
const NONE = "" as Bytes;
/** Node's environment is UTF-8 text. Other bytes are passed as octal escapes, which this shell script decodes. */
const DECODE = [
  ...["MAYFLY_PATH", "MAYFLY_TO", "MAYFLY_EXE", "MAYFLY_UNIT"].map(
    // The dot protects a trailing newline, which $() would strip.
    (name) => `${name}=$(printf '%b.' "$${name}") && ${name}=\${${name}%.} && export ${name} &&`,
  ),
  'exec /bin/sh -c "$1"',
].join(" ");

/** The results of all commands. */
export interface CommandResults {
  /** Events for which no command was run. */
  readonly dropped: number;
  readonly failed: number;
  /** How the last one failed, for example `with status 1`. */
  readonly failure: string | undefined;
}

/**
 * Runs a command for each event, one after the other. The event is passed in the environment and on standard input, never
 * in the command's text, since other users choose file names.
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
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(event);
    this.#working ??= this.#work();
  }

  /** Resolves when all commands have ended. */
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

/** Returns how the command failed; undefined on success. */
function run(command: string, event: WatchEvent): Promise<string | undefined> {
  const { op, path, to = NONE, actor } = event;
  const values = { PATH: path, TO: to, EXE: actor.exe ?? NONE, UNIT: actor.unit ?? NONE };
  const isText = Object.values(values).every(isUtf8);
  const encode = isText ? toText : octal;
  const environment = {
    ...process.env,
    MAYFLY_OP: op,
    MAYFLY_PID: `${actor.pid}`,
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`MAYFLY_${name}`, encode(value)])),
  };
  const child = spawn("/bin/sh", isText ? ["-c", command] : ["-c", DECODE, "sh", command], {
    env: environment,
    stdio: ["pipe", "inherit", "inherit"],
  });
  // The command may exit without reading its input.
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
