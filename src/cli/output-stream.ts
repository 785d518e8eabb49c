/** Buffered standard output and standard error, safe for terminals. */
import { writeSync } from "node:fs";
import { bytes, fromBuffer, toBuffer } from "../base/bytes.js";
import { errnoWords } from "../base/errno-words.js";
import { sleepSync } from "../sys/sleep.js";
import { isTerminal as isTerminalFd } from "../sys/terminal.js";
import { rendered } from "./terminal.js";

const BUFFER_SIZE = 1 << 16;
const CLOSED = new Set(["EPIPE", "EIO", "EBADF", "ENXIO"]);

/**
 * An output stream. Output is buffered, since the engine can report a million events without returning to the event
 * loop; a terminal gets each line at once. If the reader has gone away, further output is dropped and the work goes on.
 * Callers flush before they wait for a child or an event. On a terminal, control characters are escaped, except those
 * that `control` marks as Mayfly's own.
 */
export interface OutputStream {
  readonly isTerminal: boolean;
  /** The width of the terminal; undefined if this is not a terminal. */
  readonly columns: number | undefined;
  write(text: string | Uint8Array): void;
  flush(): void;
  /** Why output could not be written, for example a full disk. Undefined if the reader has merely gone away. */
  readonly problem: string | undefined;
  /** Whether output was lost for any reason, including a reader that has gone away. Call `flush` first. */
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
      // A terminal whose size was never set reports 0.
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

/** No control sequence that a message quotes reaches a terminal. */
function encoded(text: string | Uint8Array, isTerminal: boolean): Uint8Array {
  if (typeof text === "string") return toBuffer(rendered(bytes(text), isTerminal));
  return isTerminal ? toBuffer(rendered(fromBuffer(text), true)) : text;
}

/** Returns the error code on failure. */
function writeAll(fd: number, data: Buffer): string | undefined {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(fd, data, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EAGAIN") return code ?? String(error);
      // Another process made the pipe non-blocking, and Node has no poll(2).
      sleepSync(5);
    }
  }
  return undefined;
}
