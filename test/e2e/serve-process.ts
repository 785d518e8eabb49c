/** A `mayfly serve` that runs beside a test, with what it logs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { endWithTest, until } from "../children.js";
import { MARK } from "../scratch.js";
import { MAYFLY } from "./program.js";

export class ServeProcess {
  readonly child: ChildProcess;
  readonly #ended: Promise<number | string>;
  output = "";

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, before: readonly string[] = []) {
    const [program = process.execPath, ...rest] = [...before, process.execPath, MAYFLY, "serve", ...args];
    const plain = { PATH: process.env.PATH, LANG: "C.UTF-8", TZ: "UTC", [MARK]: process.env[MARK] };
    this.child = endWithTest(
      spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...plain, ...env } }),
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        this.output += text;
      });
    }
    this.#ended = once(this.child, "close").then(([status, signal]) => status ?? signal);
  }

  /** Waits until the log has this text so many times. */
  async logs(text: string | RegExp, times = 1): Promise<void> {
    const pattern = new RegExp(text, "g");
    await until(
      `the log has ${text}: ${this.output}`,
      () => (this.output.match(pattern)?.length ?? 0) >= times || this.child.exitCode !== null,
    );
    const found = this.output.match(pattern)?.length ?? 0;
    if (found < times) throw new Error(`the log has no ${text}, and the process ended: ${this.output}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Its exit status, or the signal that ended it. */
  end(signal?: NodeJS.Signals): Promise<number | string> {
    if (signal !== undefined) this.child.kill(signal);
    return this.#ended;
  }
}
