/** `openTemp`: a file without a name. */
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
import type { Steps } from "./sync-async.js";

/**
 * Opens a file that has no name: nobody can find it, no cleaner can take it, and nothing stays of it, whatever ends the
 * process. In early boot it lies in memory.
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

/** Where a file lies: a directory, or memory. */
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

/** A file made by `openTemp`. */
export class TempFile extends OpenFile implements Disposable, AsyncDisposable {
  #backing: AnonymousBacking;
  #place: FilePlace;
  readonly #options: TempFileOptions;

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
   * Gives the file a name: at once and whole, with its permissions and owner, and synced to the disk. It stays open.
   * Where `path` is on another file system, a copy is made there, unseen until it is whole, and `fd` is the copy's from
   * then on. If it fails, nothing is lost: the file is still open, and the name leads to what it led to before.
   *
   * @throws SyscallError EEXIST where the name is taken and `replace` is not set; TempSpaceError
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

  /** If it lies on another file system from now on, what was known of the first no longer holds. */
  #move(fd: Fd): void {
    if (fd !== this.open) this.#place = { path: this.#place.path, isInMemory };
    this.become(fd);
  }

  /** With `fallback`, a file that no longer fits where it lies moves on to where it does. */
  protected override *appending(data: Uint8Array): Steps<void> {
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

  /** Closes the file, and with that removes it, unless it was persisted. Again is harmless. */
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

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `${this.constructor.name} { fd: ${this.fd}, backing: '${this.backing}' }`;
  }
}

/** A file in another place that holds what `from` holds, and `data`. */
function* movedTo({ fd: dir, path }: Parent, from: Fd, data: Uint8Array): Steps<AnonymousFile> {
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
