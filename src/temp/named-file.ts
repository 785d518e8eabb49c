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
 * Creates a file with mode 0600 and an unpredictable name (128 random bits), and holds a shared flock(2) on it, so that
 * cleaners skip it. It is removed by `remove()`, by `using`, or at the latest when the process exits. If no other program
 * needs the name, prefer `openTemp`.
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

/** A file created by `mkstemp`. */
export class NamedTempFile extends OpenFile implements Disposable, AsyncDisposable {
  /** `file` if the file system does not support locks (some NFS and FUSE file systems). */
  readonly backing: "locked-file" | "file";
  readonly #parent: Parent;
  readonly #held: Held;
  #path: Bytes;
  #ended = false;

  /** @internal */
  constructor(parent: Parent, held: Held, locked: boolean) {
    super(held.fd, parent.path);
    this.backing = locked ? "locked-file" : "file";
    this.#parent = parent.share();
    this.#path = join(parent.path, held.name);
    this.#held = held;
  }

  /** The absolute path as text; after `persist`, the final path. */
  get path(): string {
    return toText(this.#path);
  }

  /** The absolute path as bytes. */
  get pathBuffer(): Buffer {
    return toBuffer(this.#path);
  }

  /**
   * Moves the file atomically to its final path: with a rename or, if `path` is on another file system, with a copy that is
   * invisible until it is complete (`fd` then refers to the copy). On failure, the file is still at its old `path`.
   *
   * @throws SyscallError EEXIST if `path` exists and `replace` is not set; TempSpaceError
   */
  async persist(path: PathInput, options: PersistOptions = {}): Promise<void> {
    this.#become(await persist(this.#unpersisted(), path, options), path);
  }

  persistSync(path: PathInput, options: PersistOptions = {}): void {
    this.#become(persistSync(this.#unpersisted(), path, options), path);
  }

  #unpersisted(): Unpersisted {
    if (this.#ended) throw new Error(`${this.path}: it was already persisted or removed`);
    return { ...this.#held, inMemory: this.#parent.isInMemory(this.open) };
  }

  #become(fd: Fd, path: PathInput): void {
    this.become(fd);
    this.#path = pathBytes(path);
    this.#end();
  }

  /** Closes the file, and removes it unless it was persisted. Does nothing if it was removed already. */
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

  /** Nothing remains to be removed. */
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

  /** The text that `console.log` prints. */
  [inspect.custom](): string {
    return `NamedTempFile { path: ${inspect(this.path)}, fd: ${this.fd}, backing: '${this.backing}' }`;
  }
}
