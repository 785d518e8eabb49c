/** Writes the output of a watch without blocking in a system call, so that signals are handled while the reader is slow. */
import type { Bytes } from "../../base/bytes.js";
import { Fd } from "../../sys/files.js";
import { isWritable } from "../../sys/poll.js";
import type { OutputStream } from "../output-stream.js";

/** PIPE_BUF: a write of this size to a writable pipe does not block. */
const PIECE = 4_096;
/** The amount of buffered text at which the watch waits for the reader. */
const HIGH_WATER_MARK = 64 * 1024;
const RETRY_MS = 20;
const STDOUT = new Fd(1, "standard output" as Bytes);

/** Buffers text until the reader accepts it. */
export class PatientOutput {
  readonly #output: OutputStream;
  readonly #waiting: string[] = [];
  /** In characters. */
  #size = 0;
  #isBlocked = false;
  #draining: Promise<void> | undefined;
  /** How long a reader may accept nothing, in milliseconds, and the deadline by `performance.now()`. */
  #patience = Number.POSITIVE_INFINITY;
  #deadline = Number.POSITIVE_INFINITY;

  constructor(output: OutputStream) {
    this.#output = output;
  }

  write(text: string): void {
    this.#waiting.push(text);
    this.#size += text.length;
  }

  /** Waits until little is buffered, so that the buffer does not grow without bound. */
  async makeRoom(): Promise<void> {
    if (this.#size >= HIGH_WATER_MARK) await this.drain();
  }

  /** Writes all buffered text, or gives up at the deadline. */
  async drain(): Promise<void> {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
    await this.#draining;
  }

  /** From now on, gives up once the reader has accepted nothing for that long; a slow reader still gets everything. */
  endWithin(milliseconds: number): void {
    this.#patience = milliseconds;
    this.#deadline = performance.now() + milliseconds;
  }

  /** Whether the deadline has passed with a blocked reader; the buffered text is lost. */
  get gaveUp(): boolean {
    return this.#isBlocked;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isBlocked) {
      for (const piece of this.#pieces()) {
        while (!isWritable(STDOUT)) {
          this.#isBlocked ||= performance.now() > this.#deadline;
          if (this.#isBlocked) return;
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
        this.#output.write(piece);
        this.#output.flush();
        this.#deadline = performance.now() + this.#patience;
      }
    }
  }

  /** Splits the text, except for a terminal, where each text is escaped as a whole. */
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
