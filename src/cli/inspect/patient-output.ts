/** Writes what a watch reports without ever waiting for a reader in a system call: signals must get through. */
import type { Bytes } from "../../base/bytes.js";
import { Fd } from "../../sys/files.js";
import { isWritable } from "../../sys/poll.js";
import type { OutputStream } from "../output-stream.js";

/** PIPE_BUF: a pipe that is writable takes so much at once. */
const PIECE = 4_096;
/** Written at once, if the reader keeps up. */
const ENOUGH = 64 * 1024;
const RETRY_MS = 20;
const STDOUT = new Fd(1, "standard output" as Bytes);

/** The text of events, until the reader takes it. */
export class PatientOutput {
  readonly #output: OutputStream;
  readonly #waiting: string[] = [];
  /** In characters. */
  #size = 0;
  #isStuck = false;
  #draining: Promise<void> | undefined;
  /** When to give up, in milliseconds of the process's clock. */
  #deadline = Number.POSITIVE_INFINITY;

  constructor(output: OutputStream) {
    this.#output = output;
  }

  write(text: string): void {
    this.#waiting.push(text);
    this.#size += text.length;
  }

  /** Waits until little is left to write, so that what is reported does not pile up here. */
  async makeRoom(): Promise<void> {
    if (this.#size >= ENOUGH) await this.drain();
  }

  /** Writes all that waits; gives up at the deadline. */
  async drain(): Promise<void> {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
    await this.#draining;
  }

  /** From now on a reader that takes nothing for so long is not waited for. */
  endWithin(milliseconds: number): void {
    this.#deadline = performance.now() + milliseconds;
  }

  /** Whether the reader was given up: what it did not take is lost. */
  get gaveUp(): boolean {
    return this.#isStuck;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isStuck) {
      for (const piece of this.#pieces()) {
        while (!isWritable(STDOUT)) {
          this.#isStuck ||= performance.now() > this.#deadline;
          if (this.#isStuck) return;
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
        this.#output.write(piece);
        this.#output.flush();
      }
    }
  }

  /** A terminal has its text escaped as a whole. */
  *#pieces(): Generator<string | Uint8Array> {
    const waiting = this.#waiting.splice(0);
    this.#size = 0;
    if (this.#output.isTerminal) return yield* waiting;
    const data = Buffer.from(waiting.join(""));
    for (let at = 0; at < data.length; at += PIECE) {
      yield data.subarray(at, at + PIECE);
    }
  }
}
