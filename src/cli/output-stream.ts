/** Standard output and standard error, as commands write to them. */
import { writeSync } from "node:fs";
import { bytes, fromBuffer, toBuffer } from "../base/bytes.js";
import { errnoWords } from "../base/errno-words.js";
import { isTerminal as isTerminalFd } from "../sys/terminal.js";
import { rendered } from "./terminal.js";

const BUFFER_SIZE = 1 << 16;
const CLOSED = new Set(["EPIPE", "EIO", "EBADF", "ENXIO"]);

/**
 * Where text goes. It is gathered and written in large pieces, since an engine at work reports a million events and
 * does not return to the event loop between them; a terminal gets each line as it comes. A reader that has gone
 * away is no failure: what is written from then on is dropped, and the work goes on. Who waits for something (a child,
 * an event) flushes first. A terminal gets control characters escaped, but for what `control` marks as our own.
 */
export interface OutputStream {
  readonly isTerminal: boolean;
  /** Of a terminal; undefined elsewhere. */
  readonly columns: number | undefined;
  write(text: string | Uint8Array): void;
  flush(): void;
  /** Why what was written did not arrive, in words: a full disk. A reader that has gone away is none. */
  readonly problem: string | undefined;
  /** Whether something that was written did not arrive, a reader that has gone away included. Flush first. */
  readonly closed: boolean;
}

export function openOutputStream(fd: 1 | 2): OutputStream {
  const isTerminal = isTerminalFd(fd);
  let pending: Uint8Array[] = [];
  let size = 0;
  let closed = false;
  let problem: string | undefined;
  const flush = (): void => {
    if (size === 0) return;
    const all = Buffer.concat(pending);
    pending = [];
    size = 0;
    if (closed) return;
    const failed = writeAll(fd, all);
    closed = failed !== undefined;
    if (failed !== undefined && !CLOSED.has(failed)) problem = errnoWords(failed) ?? failed;
  };
  return {
    isTerminal,
    get problem() {
      return problem;
    },
    get closed() {
      return closed;
    },
    get columns() {
      // A terminal that nobody has told its size says 0.
      return isTerminal ? (fd === 1 ? process.stdout : process.stderr).columns || undefined : undefined;
    },
    write(text) {
      if (closed) return;
      const data = encoded(text, isTerminal);
      pending.push(data);
      size += data.length;
      if (isTerminal || size >= BUFFER_SIZE) flush();
    },
    flush,
  };
}

/** Nothing that a terminal would obey gets past this, whatever a message quotes. */
function encoded(text: string | Uint8Array, isTerminal: boolean): Uint8Array {
  if (typeof text === "string") return toBuffer(rendered(bytes(text), isTerminal));
  return isTerminal ? toBuffer(rendered(fromBuffer(text), true)) : text;
}

/** The code of what failed, if anything. */
function writeAll(fd: number, data: Buffer): string | undefined {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(fd, data, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EAGAIN") return code ?? String(error);
      // Somebody made the pipe non-blocking; node has no poll(2) to wait with.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return undefined;
}
