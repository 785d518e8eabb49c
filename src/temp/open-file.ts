/** What temporary files of each kind have in common. */
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
import { type Steps, step, stepThrough, stepThroughSync } from "./sync-async.js";

const read = promisify(fs.read);
const write = promisify(fs.write);
const CHUNK = 1024 * 1024;

/** What temporary files of each kind have in common: an fd that stays open for as long as nobody closes the object. */
export abstract class OpenFile {
  #fd: Fd;
  /** Where it lies, for errors that name the place. */
  readonly #place: Bytes;

  constructor(fd: Fd, place: Bytes) {
    this.#fd = fd;
    this.#place = place;
  }

  /**
   * The open file, for reading and writing; -1 once it was closed. Garbage collection closes it as little as the end
   * of the Worker that made it does: only `close()`, `remove()` and the end of the process do.
   */
  get fd(): number {
    return this.#fd.number;
  }

  protected get open(): Fd {
    return this.#fd;
  }

  protected become(fd: Fd): void {
    if (fd === this.#fd) return;
    this.#fd.close();
    this.#fd = fd;
  }

  /** A FileHandle on the file: opened anew, so it has its own position, and closing it does not close this object. */
  async handle(): Promise<FileHandle> {
    return open(procPath(this.#fd), "r+");
  }

  /**
   * Adds `data` at the end of the file: all of it, or nothing.
   *
   * @throws TempSpaceError if there is no room; the file then has its old length.
   */
  async append(data: string | Uint8Array): Promise<void> {
    return stepThrough(this.appending(toBytes(data)));
  }

  appendSync(data: string | Uint8Array): void {
    stepThroughSync(this.appending(toBytes(data)));
  }

  protected *appending(data: Uint8Array): Steps<void> {
    yield* append(this.#fd, data, this.#place);
  }

  /** Reads the file from its start. The stream does not close the file. */
  createReadStream(): Readable {
    return fs.createReadStream("", { fd: this.fd, autoClose: false, start: 0 });
  }

  /** Appends what is written to it, chunk by chunk. The stream does not close the file. */
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

/** What a new file is to hold at once. */
export function fill(fd: Fd, { content, reserve: length }: ContentOptions): void {
  if (length !== undefined) reserve(fd, length);
  if (content !== undefined) stepThroughSync(writeAt(fd, toBytes(content), 0));
}

/** Appends all of `data` or nothing. */
export function* append(fd: Fd, data: Uint8Array, place: Bytes): Steps<void> {
  const { size } = fs.fstatSync(fd.number);
  try {
    yield* writeAt(fd, data, size);
  } catch (error) {
    fs.ftruncateSync(fd.number, size);
    const code = fullCode(error);
    throw code === undefined ? error : new TempSpaceError([fullPlace(place, fd, code)], error);
  }
}

/** write(2) may take less than it was given; what is left is asked for again, and then it says why. */
function* writeAt(fd: Fd, data: Uint8Array, position: number): Steps<void> {
  for (let done = 0; done < data.length; ) {
    const at = done;
    const length = data.length - at;
    done += yield* step(
      () => fs.writeSync(fd.number, data, at, length, position + at),
      async () => (await write(fd.number, data, at, length, position + at)).bytesWritten,
    );
  }
}

/** Copies what `from` holds to the start of `to`; the position of neither moves. */
export function* copyContents(from: Fd, to: Fd): Steps<void> {
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
