/**
 * The same for macOS and Windows, with what Node has there: no file without a name, no locks, no checks of the parent
 * beyond its existence. `backing` says so. Paths are text, and everything goes by path; names are as unguessable, and
 * modes as tight, as on Linux.
 */
import fs from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { toText } from "../base/bytes.js";
import { fullCode, TempSpaceError } from "./errors.js";
import { freshName } from "./names.js";
import {
  type ContentOptions,
  type NamedTempFileOptions,
  type NameOptions,
  nameParts,
  type PathInput,
  type PlacementOptions,
  type TempDirOptions,
  type TempFileOptions,
} from "./options.js";
import type { PersistOptions } from "./persist.js";

const live = new Set<{ removeSync(): void }>();

function hold(leftover: { removeSync(): void }): void {
  if (live.size === 0 && !watching) watchExit();
  live.add(leftover);
}

let watching = false;

function watchExit(): void {
  watching = true;
  process.on("exit", () => {
    for (const leftover of [...live].reverse()) {
      try {
        leftover.removeSync();
      } catch {
        // An exit has nobody to tell.
      }
    }
  });
}

const pathText = (path: PathInput): string =>
  typeof path === "string" ? path : Buffer.from(path).toString();

export function tempRootSync(_size: "small" | "large" = "small"): string {
  return tmpdir();
}

function freshPath({ dir }: PlacementOptions, names: NameOptions): string {
  const { prefix, suffix } = nameParts(names);
  return join(dir === undefined ? tmpdir() : pathText(dir), toText(freshName(prefix, suffix)));
}

export function mkdtempSync(options: TempDirOptions = {}): PortableDir {
  const path = freshPath(options, options);
  // Not recursive, so that a directory which is there already is an error.
  fs.mkdirSync(path, { mode: 0o700 });
  return new PortableDir(path);
}

export class PortableDir implements Disposable, AsyncDisposable {
  readonly backing = "directory";
  readonly path: string;
  /** There is no lock to hold. */
  readonly fd = -1;
  #ended = false;

  constructor(path: string) {
    this.path = path;
    hold(this);
  }

  get pathBuffer(): Buffer {
    return Buffer.from(this.path);
  }

  async remove(): Promise<void> {
    if (this.#ended) return;
    await fs.promises.rm(this.path, { recursive: true, force: true, maxRetries: 3 });
    this.detach();
  }

  removeSync(): void {
    if (this.#ended) return;
    fs.rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
    this.detach();
  }

  detach(): string {
    this.#ended = true;
    live.delete(this);
    return this.path;
  }

  [Symbol.dispose](): void {
    this.removeSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}

export function mkstempSync(options: NamedTempFileOptions = {}): PortableFile {
  return newFile(freshPath(options, options), options);
}

/** A named file: Windows can't remove one that is open, so it goes with `close()` and at the latest with the process. */
export function openTempSync(options: TempFileOptions = {}): PortableFile {
  return newFile(freshPath(options, {}), options);
}

function newFile(path: string, { content }: ContentOptions): PortableFile {
  const file = new PortableFile(path, fs.openSync(path, "wx+", 0o600));
  try {
    if (content !== undefined) file.appendSync(content);
    return file;
  } catch (error) {
    file.removeSync();
    throw error;
  }
}

/** A full disk in the words that it has on Linux; other errors as they are. */
function spaceError(path: string, error: unknown): unknown {
  const code = fullCode(error);
  if (code === undefined) return error;
  const dir = dirname(path);
  const { bavail, bsize, ffree } = fs.statfsSync(dir);
  return new TempSpaceError([{ dir, code, freeBytes: bavail * bsize, freeInodes: ffree }], error);
}

export class PortableFile implements Disposable, AsyncDisposable {
  readonly backing = "file";
  #path: string;
  #fd: number;
  #persisted = false;

  constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
    hold(this);
  }

  get path(): string {
    return this.#path;
  }

  get pathBuffer(): Buffer {
    return Buffer.from(this.#path);
  }

  get fd(): number {
    return this.#fd;
  }

  handle(): Promise<FileHandle> {
    return open(this.#path, "r+");
  }

  async append(data: string | Uint8Array): Promise<void> {
    this.appendSync(data);
  }

  /** All of `data`, or nothing. */
  appendSync(data: string | Uint8Array): void {
    const whole = typeof data === "string" ? Buffer.from(data) : data;
    const { size } = fs.fstatSync(this.#fd);
    try {
      for (let at = 0; at < whole.length; )
        at += fs.writeSync(this.#fd, whole, at, whole.length - at, size + at);
    } catch (error) {
      fs.ftruncateSync(this.#fd, size);
      throw spaceError(this.#path, error);
    }
  }

  createReadStream(): fs.ReadStream {
    return fs.createReadStream("", { fd: this.#fd, autoClose: false, start: 0 });
  }

  createWriteStream(): fs.WriteStream {
    const start = fs.fstatSync(this.#fd).size;
    return fs.createWriteStream("", { fd: this.#fd, autoClose: false, start });
  }

  async persist(path: PathInput, options: PersistOptions = {}): Promise<void> {
    this.persistSync(path, options);
  }

  /** A link, or with `replace` a rename: both are atomic, and neither leaves the file system that the file is on. */
  persistSync(path: PathInput, { replace = false, mode, fsync = true }: PersistOptions = {}): void {
    if (this.#persisted) throw new Error(`${this.#path}: it has its lasting name already`);
    const target = pathText(path);
    if (mode !== undefined) fs.chmodSync(this.#path, mode);
    if (fsync) fs.fsyncSync(this.#fd);
    if (replace) fs.renameSync(this.#path, target);
    else {
      fs.linkSync(this.#path, target);
      fs.unlinkSync(this.#path);
    }
    this.#path = target;
    this.#persisted = true;
    live.delete(this);
  }

  async remove(): Promise<void> {
    this.removeSync();
  }

  removeSync(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
    this.#fd = -1;
    live.delete(this);
    if (!this.#persisted) fs.rmSync(this.#path, { force: true });
  }

  async close(): Promise<void> {
    this.removeSync();
  }

  closeSync(): void {
    this.removeSync();
  }

  [Symbol.dispose](): void {
    this.removeSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.removeSync();
  }
}

export async function withTempDir<Result>(
  callback: (dir: PortableDir) => Result,
  options: TempDirOptions = {},
): Promise<Awaited<Result>> {
  const dir = mkdtempSync(options);
  try {
    return await callback(dir);
  } finally {
    await dir.remove();
  }
}

export function withTempDirSync<Result>(
  callback: (dir: PortableDir) => Result,
  options: TempDirOptions = {},
): Result {
  const dir = mkdtempSync(options);
  try {
    return callback(dir);
  } finally {
    dir.removeSync();
  }
}
