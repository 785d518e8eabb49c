/** `openTemp`: an unnamed file. */
import { inspect } from "node:util";
import { requireOptions } from "../base/arguments.js";
import type { Bytes, PathInput } from "../base/bytes.js";
import type { Fd } from "../sys/files.js";
import { isInMemory } from "../sys/space.js";
import { creating, TempSpaceError } from "./errors.js";
import { type AnonymousBacking, type AnonymousFile, anonymousFile, memoryFile } from "./new-file.js";
import { append, copyContents, fill, OpenFile } from "./open-file.js";
import { FILE_OPTIONS, type TempFileOptions } from "./options.js";
import type { Parent } from "./parent.js";
import { type PersistOptions, persist, persistSync, type Unpersisted } from "./persist.js";
import { inPlaces, inPlaceUnnamed } from "./placement.js";
import type { SyncAsync } from "./sync-async.js";

/**
 * Opens an unnamed file: other users cannot find it, cleaners cannot remove it, and it vanishes with the process, however
 * that ends. In early boot, it is in memory.
 *
 * @throws TempSpaceError, UnsafePathError, SyscallError
 */
export function openTempSync(options: TempFileOptions = {}): TempFile {
  requireOptions("openTemp", options, FILE_OPTIONS);
  return inPlaceUnnamed(
    options,
    (parent) =>
      filled(
        creating("file", parent, () => anonymousFile(parent.fd)),
        parent,
        options,
      ),
    () => filled(memoryFile(MEMORY.path), MEMORY, options),
  );
}

const MEMORY: FilePlace = { path: "mayfly" as Bytes, isInMemory: () => true };

/** Where a file is: in a directory, or in memory. */
export type FilePlace = Pick<Parent, "path" | "isInMemory">;

function filled(file: AnonymousFile, place: FilePlace, options: TempFileOptions): TempFile {
  try {
    fill(file.fd, options);
    return new TempFile(file, place, options);
  } catch (error) {
    file.fd.close();
    throw error;
  }
}

/** A file created by `openTemp`. */
export class TempFile extends OpenFile implements Disposable, AsyncDisposable {
  #backing: AnonymousBacking;
  #place: FilePlace;
  readonly #options: TempFileOptions;

  /** @internal */
  constructor({ fd, backing }: AnonymousFile, place: FilePlace, options: TempFileOptions) {
    super(fd, place.path);
    this.#place = place;
    this.#backing = backing;
    this.#options = options;
  }

  get backing(): AnonymousBacking {
    return this.#backing;
  }

  /**
   * Gives the file a name atomically, with its permissions and owner set and its contents synced to disk. It stays open. If
   * `path` is on another file system, the file is copied, and the copy is invisible until it is complete; `fd` then refers
   * to the copy. On failure, the file is still open, and an existing file at `path` is unchanged.
   *
   * @throws SyscallError EEXIST if `path` exists and `replace` is not set; TempSpaceError
   */
  async persist(path: PathInput, options: PersistOptions = {}): Promise<void> {
    this.#move(await persist(this.#unpersisted(), path, options));
  }

  persistSync(path: PathInput, options: PersistOptions = {}): void {
    this.#move(persistSync(this.#unpersisted(), path, options));
  }

  #unpersisted(): Unpersisted {
    return { fd: this.open, inMemory: this.#place.isInMemory(this.open) };
  }

  /** Drops cached facts about the old file system if the file is on another one now. */
  #move(fd: Fd): void {
    if (fd !== this.open) this.#place = { path: this.#place.path, isInMemory };
    this.become(fd);
  }

  /**
   * With `fallback`, a file that no longer fits on its file system is moved to another one.
   *
   * @internal
   */
  protected override *appending(data: Uint8Array): SyncAsync<void> {
    try {
      yield* super.appending(data);
    } catch (error) {
      if (!(error instanceof TempSpaceError)) throw error;
      const from = this.open;
      const make = (parent: Parent) => movedTo(parent, from, data);
      const moved = yield* inPlaces(this.#options, make, error.tried);
      this.#backing = moved.backing;
      this.#move(moved.fd);
    }
  }

  /** Closes the file, which removes it unless it was persisted. Does nothing if it was closed already. */
  async close(): Promise<void> {
    this.closeSync();
  }

  closeSync(): void {
    this.open.close();
  }

  [Symbol.dispose](): void {
    this.closeSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closeSync();
  }

  /** The text that `console.log` prints. */
  [inspect.custom](): string {
    return `${this.constructor.name} { fd: ${this.fd}, backing: '${this.backing}' }`;
  }
}

/** A new file elsewhere with the contents of `from`, followed by `data`. */
function* movedTo({ fd: dir, path }: Parent, from: Fd, data: Uint8Array): SyncAsync<AnonymousFile> {
  const file = anonymousFile(dir);
  try {
    yield* copyContents(from, file.fd);
    yield* append(file.fd, data, path);
    return file;
  } catch (error) {
    file.fd.close();
    throw error;
  }
}
