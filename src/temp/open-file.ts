/** The base class of all temporary files. */
import fs from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { DATA, requireArgument } from "../base/arguments.js";
import type { Bytes } from "../base/bytes.js";
import { type Fd, procPath } from "../sys/files.js";
import { reserve } from "../sys/space.js";
import { fullCode, fullPlace, TempSpaceError } from "./errors.js";
import type { ContentOptions } from "./options.js";
import { type SyncAsync, step, stepThrough, stepThroughSync } from "./sync-async.js";

const read = promisify(fs.read);
const write = promisify(fs.write);
const CHUNK = 1024 * 1024;

/** A temporary file, open until the object is closed. */
export abstract class OpenFile {
  #fd: Fd;
  /** The directory, for error messages. */
  readonly #place: Bytes;

  /** @internal */
  constructor(fd: Fd, place: Bytes) {
    this.#fd = fd;
    this.#place = place;
  }

  /**
   * The file descriptor, open for reading and writing; -1 after `close()`. It is closed only by `close()`, `remove()` or the
   * end of the process, but not by garbage collection or the end of the Worker that created it.
   */
  get fd(): number {
    return this.#fd.number;
  }

  /** @internal */
  protected get open(): Fd {
    return this.#fd;
  }

  /** @internal */
  protected become(fd: Fd): void {
    if (fd === this.#fd) return;
    this.#fd.close();
    this.#fd = fd;
  }

  /** Opens the file again as a FileHandle with its own position. Closing it does not close this object. */
  async handle(): Promise<FileHandle> {
    return open(procPath(this.#fd), "r+");
  }

  /**
   * Appends `data` to the file: all of it, or nothing.
   *
   * @throws TempSpaceError if there is no space; the file then has its old length.
   */
  async append(data: string | Uint8Array): Promise<void> {
    return stepThrough(this.appending(toBytes(data)));
  }

  appendSync(data: string | Uint8Array): void {
    stepThroughSync(this.appending(toBytes(data)));
  }

  /** @internal */
  protected *appending(data: Uint8Array): SyncAsync<void> {
    yield* append(this.#fd, data, this.#place);
  }

  /** Reads the file from its start. The stream does not close the file. */
  createReadStream(): Readable {
    return fs.createReadStream("", { fd: this.fd, autoClose: false, start: 0 });
  }

  /** A stream that appends to the file. It does not close the file. */
  createWriteStream(): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.append(chunk).then(() => done(), done);
      },
    });
  }
}

function toBytes(data: string | Uint8Array): Uint8Array {
  requireArgument("append", "data", data, DATA);
  return typeof data === "string" ? Buffer.from(data) : data;
}

/** Writes the initial contents of a new file. */
export function fill(fd: Fd, { content, reserve: length }: ContentOptions): void {
  if (length !== undefined) reserve(fd, length);
  if (content !== undefined) stepThroughSync(writeAt(fd, toBytes(content), 0));
}

/** Appends all of `data` or nothing. */
export function* append(fd: Fd, data: Uint8Array, place: Bytes): SyncAsync<void> {
  const { size } = fs.fstatSync(fd.number);
  try {
    yield* writeAt(fd, data, size);
  } catch (error) {
    fs.ftruncateSync(fd.number, size);
    const code = fullCode(error);
    throw code === undefined ? error : new TempSpaceError([fullPlace(place, fd, code)], error);
  }
}

/** write(2) may write less than requested; the next call for the rest then returns the error. */
function* writeAt(fd: Fd, data: Uint8Array, position: number): SyncAsync<void> {
  for (let done = 0; done < data.length; ) {
    const at = done;
    const length = data.length - at;
    done += yield* step(
      () => fs.writeSync(fd.number, data, at, length, position + at),
      async () => (await write(fd.number, data, at, length, position + at)).bytesWritten,
    );
  }
}

/** Copies the contents of `from` to the start of `to`, without changing file positions. */
export function* copyContents(from: Fd, to: Fd): SyncAsync<void> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; ; ) {
    const position = at;
    const length = yield* step(
      () => fs.readSync(from.number, buffer, 0, CHUNK, position),
      async () => (await read(from.number, buffer, 0, CHUNK, position)).bytesRead,
    );
    if (length === 0) return;
    yield* writeAt(to, buffer.subarray(0, length), at);
    at += length;
  }
}
