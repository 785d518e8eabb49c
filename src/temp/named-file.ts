/** `mkstemp`: a file with a name, locked against cleaners. */
import { inspect } from "node:util";
import { requireOptions } from "../base/arguments.js";
import type { PathInput } from "../base/bytes.js";
import { type Bytes, join, toBuffer, toText } from "../base/bytes.js";
import type { Fd } from "../sys/files.js";
import { type Held, removal, unregister } from "./cleanup-registry.js";
import { creating } from "./errors.js";
import { newLockedFile } from "./new-file.js";
import { fill, OpenFile } from "./open-file.js";
import { NAMED_FILE_OPTIONS, type NamedTempFileOptions, nameParts, pathBytes } from "./options.js";
import type { Parent } from "./parent.js";
import { type PersistOptions, persist, persistSync, type Unpersisted } from "./persist.js";
import { inPlace } from "./placement.js";
import { stepThroughSync } from "./sync-async.js";

/**
 * Makes a file that only this user can open, under a name that nobody can guess, and holds a shared lock on it, so that
 * cleaners skip it. It is removed by `remove()`, by `using`, or at the latest when the process exits. If no other
 * program needs the name, `openTemp` is safer still.
 *
 * @throws TempSpaceError, UnsafePathError, SyscallError
 */
export function mkstempSync(options: NamedTempFileOptions = {}): NamedTempFile {
  requireOptions("mkstemp", options, NAMED_FILE_OPTIONS);
  const parts = nameParts(options);
  return inPlace(options, (parent) => {
    const { held, locked } = creating("file", parent, () => newLockedFile(parent.fd, parts));
    const file = new NamedTempFile(parent, held, locked);
    try {
      fill(held.fd, options);
      return file;
    } catch (error) {
      file.removeSync();
      throw error;
    }
  });
}

/** A file made by `mkstemp`. */
export class NamedTempFile extends OpenFile implements Disposable, AsyncDisposable {
  /** What is behind it: a file with a lock, or where the file system has no locks (some NFS, FUSE), without. */
  readonly backing: "locked-file" | "file";
  readonly #parent: Parent;
  readonly #held: Held;
  #path: Bytes;
  #ended = false;

  constructor(parent: Parent, held: Held, locked: boolean) {
    super(held.fd, parent.path);
    this.backing = locked ? "locked-file" : "file";
    this.#parent = parent.share();
    this.#path = join(parent.path, held.name);
    this.#held = held;
  }

  /** The absolute path, as text: the lasting one, once it was persisted. */
  get path(): string {
    return toText(this.#path);
  }

  /** The same, byte for byte. */
  get pathBuffer(): Buffer {
    return toBuffer(this.#path);
  }

  /**
   * Gives the file its lasting name, at once and whole: a rename, or where `path` is on another file system a copy that
   * is unseen until it is whole (`fd` is the copy's from then on). If it fails, the file is still at its old `path`.
   *
   * @throws SyscallError EEXIST where the name is taken and `replace` is not set; TempSpaceError
   */
  async persist(path: PathInput, options: PersistOptions = {}): Promise<void> {
    this.#become(await persist(this.#unpersisted(), path, options), path);
  }

  persistSync(path: PathInput, options: PersistOptions = {}): void {
    this.#become(persistSync(this.#unpersisted(), path, options), path);
  }

  #unpersisted(): Unpersisted {
    if (this.#ended) throw new Error(`${this.path}: it has its lasting name already, or was removed`);
    return { ...this.#held, inMemory: this.#parent.isInMemory(this.open) };
  }

  #become(fd: Fd, path: PathInput): void {
    this.become(fd);
    this.#path = pathBytes(path);
    this.#end();
  }

  /** Removes the file, unless it was persisted, and closes it. Again is harmless. */
  async remove(): Promise<void> {
    this.removeSync();
  }

  removeSync(): void {
    if (!this.#ended) {
      stepThroughSync(removal(this.#held));
      this.#end();
    }
    this.open.close();
  }

  /** From here on nothing has to be removed. */
  #end(): void {
    this.#ended = true;
    unregister(this.#held);
    this.#parent[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.removeSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.removeSync();
  }

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `NamedTempFile { path: ${inspect(this.path)}, fd: ${this.fd}, backing: '${this.backing}' }`;
  }
}
