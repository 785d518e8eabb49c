/** `mkdtemp`: a private directory, locked against cleaners. */
import { inspect } from "node:util";
import { requireOptions } from "../base/arguments.js";
import { type Bytes, join, toBuffer, toText } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import {
  AT_REMOVEDIR,
  type Fd,
  mkdirat,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  openat,
  tryUnlinkat,
} from "../sys/files.js";
import { ACCESS, chmod, InodeMark, S_ISVTX } from "../sys/inode.js";
import { expect, forget, type Held, register, removal, removeEmpty, unregister } from "./cleanup-registry.js";
import { creating } from "./errors.js";
import { lockShared } from "./lock.js";
import { freshName } from "./names.js";
import { DIRECTORY_OPTIONS, type NameParts, nameParts, type TempDirOptions } from "./options.js";
import type { Parent } from "./parent.js";
import { inPlace } from "./placement.js";
import { type SyncAsync, stepThrough, stepThroughSync } from "./sync-async.js";

/** How often to try again if a cleaner removes the directory before it is locked. */
const ATTEMPTS = 1000;
const OWNER_ONLY = 0o700;

/**
 * Creates a directory with mode 0700 and an unpredictable name (128 random bits), and holds a shared flock(2) on it:
 * systemd-tmpfiles, and every cleaner that honors such locks, skips it and everything below it, regardless of timestamps.
 * It is removed by `remove()`, by `using`, or at the latest when the process exits.
 *
 * @throws TempSpaceError, UnsafePathError, SyscallError
 */
export function mkdtempSync(options: TempDirOptions = {}): TempDir {
  requireOptions("mkdtemp", options, DIRECTORY_OPTIONS);
  const parts = nameParts(options);
  return inPlace(options, (parent) => makeDirectory(parent, parts));
}

/** A directory created by `mkdtemp`. */
export class TempDir implements Disposable, AsyncDisposable {
  /** `directory` if the file system does not support locks (some NFS and FUSE file systems). */
  readonly backing: "locked-directory" | "directory";
  readonly #parent: Parent;
  readonly #held: Held;

  /** @internal */
  constructor(parent: Parent, held: Held, locked: boolean) {
    this.#parent = parent.share();
    this.#held = held;
    this.backing = locked ? "locked-directory" : "directory";
  }

  /** The absolute path, as text. */
  get path(): string {
    return toText(this.#path());
  }

  /** The absolute path as bytes, for parents whose names are not valid UTF-8. */
  get pathBuffer(): Buffer {
    return toBuffer(this.#path());
  }

  #path(): Bytes {
    return join(this.#parent.path, this.#held.name);
  }

  /**
   * The file descriptor of the open directory, which holds the lock; -1 after removal or detachment. If you pass it to a
   * child in `stdio`, the child keeps the lock, even if this process is killed.
   */
  get fd(): number {
    return this.#held.fd.number;
  }

  /**
   * Removes the directory and its contents, except mounts, and releases the lock. Does nothing if it was removed already.
   *
   * @throws RemovalError if something could not be removed (a mount, an immutable file); it can be called again.
   */
  async remove(): Promise<void> {
    await stepThrough(this.removal());
  }

  removeSync(): void {
    if (this.fd < 0) return;
    if (removeEmpty(this.#held)) this.#end();
    else stepThroughSync(this.removal());
  }

  /** @internal */
  get directory(): Fd {
    return this.#held.fd;
  }

  /** @internal */
  *removal(): SyncAsync<void> {
    if (this.fd < 0) return;
    yield* removal(this.#held);
    this.#end();
  }

  /**
   * Keeps the directory: releases the lock, and does not remove the directory when the process ends. Sets the sticky bit,
   * so that `sweepStale` does not treat it as abandoned; the host's cleaner ages it like any other directory.
   *
   * @returns the path.
   */
  detach(): string {
    if (this.fd >= 0) {
      chmod(this.#held.fd, OWNER_ONLY | S_ISVTX);
      this.#end();
    }
    return this.path;
  }

  #end(): void {
    if (this.fd < 0) return;
    unregister(this.#held);
    this.#held.fd.close();
    this.#parent[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.removeSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }

  /** The text that `console.log` prints. */
  [inspect.custom](): string {
    return `TempDir { path: ${inspect(this.path)}, fd: ${this.fd}, backing: '${this.backing}' }`;
  }
}

/** @throws SyscallError, UnsafePathError */
export function makeDirectory(parent: Parent, { prefix, suffix }: NameParts, nextName = freshName): TempDir {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const name = nextName(prefix, suffix);
    const dir = creating("directory", parent, () => makeNamed(parent, name));
    if (dir !== undefined) return dir;
  }
  const message = `${ATTEMPTS} new directories in a row were removed before they could be locked`;
  throw new UnsafePathError("REPLACED_INODE", parent.path, message);
}

/** Undefined if the name exists, or the directory was removed before it could be locked. */
function makeNamed(parent: Parent, name: Bytes): TempDir | undefined {
  const slot = expect("directory", parent.fd, name);
  try {
    const taken = made(parent.fd, name) ? takeDirectory(parent.fd, name) : undefined;
    if (taken !== undefined) {
      const held = register(slot, { kind: "directory", dir: parent.fd, name, fd: taken.fd });
      return new TempDir(parent, held, taken.locked);
    }
  } catch (error) {
    forget(slot);
    throw error;
  }
  forget(slot);
  return undefined;
}

function made(parent: Fd, name: Bytes): boolean {
  try {
    mkdirat(parent, name, OWNER_ONLY);
    return true;
  } catch (error) {
    if (failedWith(error, "EEXIST")) return false;
    throw error;
  }
}

interface Taken {
  readonly fd: Fd;
  readonly locked: boolean;
}

/** Opens and locks the new directory; undefined if a cleaner or another process removed it first. */
function takeDirectory(parent: Fd, name: Bytes): Taken | undefined {
  let fd: Fd | undefined;
  try {
    fd = openNew(parent, name);
    const lock = lockShared(fd);
    if (lock !== "busy" && isOurs(fd)) return { fd, locked: lock === "locked" };
    fd.close();
    tryUnlinkat(parent, name, AT_REMOVEDIR);
    return undefined;
  } catch (error) {
    fd?.close();
    tryUnlinkat(parent, name, AT_REMOVEDIR);
    if (failedWith(error, "ENOENT", "ELOOP", "ENOTDIR", "EACCES")) return undefined;
    throw error;
  }
}

/** If the umask restricts the owner too, the directory cannot be opened until its mode is corrected. */
function openNew(parent: Fd, name: Bytes): Fd {
  try {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (!failedWith(error, "EACCES")) throw error;
    using closed = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!isOurs(closed)) throw error;
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }
}

const mark = new InodeMark();
/** The cached effective UID. */
let self: number | undefined;

function isSelf(uid: number): boolean {
  if (uid !== self) self = process.geteuid?.();
  return uid === self;
}

/**
 * Whether the locked directory still exists and belongs to this user. In a sticky directory, no other user can move one of
 * our directories to this name, and a removed one has no links left. So it is the directory that was created.
 */
function isOurs(fd: Fd): boolean {
  mark.lookAt(fd);
  if (mark.nlink === 0 || !isSelf(mark.uid)) return false;
  // A umask that restricts the owner too.
  if ((mark.mode & ACCESS) !== OWNER_ONLY) chmod(fd, OWNER_ONLY);
  return true;
}
