import type { Bytes } from "../base/bytes.js";
import type { Fd } from "../sys/files.js";
import { TempSpaceError } from "./errors.js";
import { type AnonymousBacking, type AnonymousFile, anonymousFile, memoryFile } from "./new-file.js";
import { append, copyContents, fill, OpenFile } from "./open-file.js";
import type { PathInput, TempFileOptions } from "./options.js";
import type { Parent } from "./parent.js";
import { type PersistOptions, persist } from "./persist.js";
import { inPlace, inPlaces, isEarly } from "./placement.js";
import { run, runSync, type Steps } from "./steps.js";

/**
 * Opens a file that has no name: nobody can find it, no cleaner can take it, and nothing stays of it, whatever ends the
 * process. In early boot it lies in memory.
 *
 * @throws TempSpaceError, UnsafePathError, SyscallError
 */
export function openTempSync(options: TempFileOptions = {}): TempFile {
  if (isEarly(options)) return filled(memoryFile(MEMORY), MEMORY, options);
  return inPlace(options, (parent) => filled(anonymousFile(parent.fd), parent.path, options));
}

const MEMORY = "mayfly" as Bytes;

function filled(file: AnonymousFile, place: Bytes, options: TempFileOptions): TempFile {
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
  readonly #options: TempFileOptions;

  constructor({ fd, backing }: AnonymousFile, place: Bytes, options: TempFileOptions) {
    super(fd, place);
    this.#backing = backing;
    this.#options = options;
  }

  get backing(): AnonymousBacking {
    return this.#backing;
  }

  /**
   * Gives the file a name: at once and whole, with its permissions and owner, and synced to the disk. It stays open.
   * Where `path` is on another file system, a copy is made there, unseen until it is whole, and `fd` is the copy's from
   * then on. Where it fails nothing is lost: the file is still open, and the name leads to what it led to before.
   *
   * @throws SyscallError EEXIST where the name is taken and `replace` is not set; TempSpaceError
   */
  async persist(path: PathInput, options: PersistOptions = {}): Promise<void> {
    this.become(await run(persist({ fd: this.open }, path, options)));
  }

  persistSync(path: PathInput, options: PersistOptions = {}): void {
    this.become(runSync(persist({ fd: this.open }, path, options)));
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
      this.become(moved.fd);
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
