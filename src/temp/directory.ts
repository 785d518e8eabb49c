/** `mkdtemp`: a directory of one's own, locked against cleaners. */
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
import { chmod, InodeMark, S_ISVTX } from "../sys/inode.js";
import { expect, forget, type Held, register, removal, removeEmpty, unregister } from "./cleanup-registry.js";
import { creating } from "./errors.js";
import { lockShared } from "./lock.js";
import { freshName } from "./names.js";
import { DIRECTORY_OPTIONS, type NameParts, nameParts, type TempDirOptions } from "./options.js";
import type { Parent } from "./parent.js";
import { inPlace } from "./placement.js";
import { type Steps, stepThrough, stepThroughSync } from "./sync-async.js";

/** A cleaner can take a directory in the moment before it is locked; so often is another one made in its place. */
const ATTEMPTS = 1000;
const OWNER_ONLY = 0o700;
const PERMISSIONS = 0o777;

/**
 * Makes a directory that only this user can use, under a name that nobody can guess, and holds a shared lock on it:
 * systemd-tmpfiles and every cleaner that honours such locks skip it and everything below it, regardless of timestamps.
 * It is removed by `remove()`, by `using`, or at the latest when the process exits.
 *
 * @throws TempSpaceError, UnsafePathError, SyscallError
 */
export function mkdtempSync(options: TempDirOptions = {}): LockedDir {
  requireOptions("mkdtemp", options, DIRECTORY_OPTIONS);
  const parts = nameParts(options);
  return inPlace(options, (parent) => makeDirectory(parent, parts));
}

/** A directory made by `mkdtemp`. */
export class LockedDir implements Disposable, AsyncDisposable {
  /** What is behind it: a directory with a lock, or where the file system has no locks (some NFS, FUSE), without. */
  readonly backing: "locked-directory" | "directory";
  readonly #parent: Parent;
  readonly #held: Held;

  constructor(parent: Parent, held: Held, locked: boolean) {
    this.#parent = parent.share();
    this.#held = held;
    this.backing = locked ? "locked-directory" : "directory";
  }

  /** The absolute path, as text. */
  get path(): string {
    return toText(this.#path());
  }

  /** The same, byte for byte: for parents whose names are not UTF-8. */
  get pathBuffer(): Buffer {
    return toBuffer(this.#path());
  }

  #path(): Bytes {
    return join(this.#parent.path, this.#held.name);
  }

  /**
   * The open directory that holds the lock; -1 once it was removed or detached. Put it into a child's `stdio`, and the
   * lock lives for as long as the child does, even when this process is killed.
   */
  get fd(): number {
    return this.#held.fd.number;
  }

  /**
   * Removes the directory with all that is in it, mounts excepted, and gives up the lock. Again is harmless.
   *
   * @throws RemovalError where something had to stay (a mount, an immutable file): it can be called again then.
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
  *removal(): Steps<void> {
    if (this.fd < 0) return;
    yield* removal(this.#held);
    this.#end();
  }

  /**
   * Gives the directory up on purpose: it stays, no lock protects it, and this process forgets it. Its sticky bit is
   * set, so that `sweepStale` knows that it was not left by accident; the host's ageing applies to it as to any other.
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

  /** What `console.log` shows. */
  [inspect.custom](): string {
    return `TempDir { path: ${inspect(this.path)}, fd: ${this.fd}, backing: '${this.backing}' }`;
  }
}

/** @throws SyscallError with a message in words, UnsafePathError */
export function makeDirectory(
  parent: Parent,
  { prefix, suffix }: NameParts,
  nextName = freshName,
): LockedDir {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const name = nextName(prefix, suffix);
    const dir = creating("directory", parent, () => makeNamed(parent, name));
    if (dir !== undefined) return dir;
  }
  const message = `${ATTEMPTS} new directories in a row were taken away before they could be locked`;
  throw new UnsafePathError("REPLACED_INODE", parent.path, message);
}

/** Undefined if the name is taken, or the directory was taken away at once. */
function makeNamed(parent: Parent, name: Bytes): LockedDir | undefined {
  const slot = expect("directory", parent.fd, name);
  try {
    const taken = made(parent.fd, name) ? takeDirectory(parent.fd, name) : undefined;
    if (taken !== undefined) {
      const held = register(slot, { kind: "directory", dir: parent.fd, name, fd: taken.fd });
      return new LockedDir(parent, held, taken.locked);
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

/** Opens and locks the new directory; undefined where a cleaner, or somebody who watched it, was faster. */
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

/** Under a umask that takes from the owner too, a new directory can't be opened before it is given back. */
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
/** This user, as it was when somebody last asked. */
let self: number | undefined;

function isSelf(uid: number): boolean {
  if (uid !== self) self = process.geteuid?.();
  return uid === self;
}

/**
 * Whether what was locked is alive and this user's. In a sticky directory nobody else can put a directory of ours under
 * the name, and one that was removed has no links left: so this also tells that it still is where it was made.
 */
function isOurs(fd: Fd): boolean {
  mark.lookAt(fd);
  if (mark.nlink === 0 || !isSelf(mark.uid)) return false;
  // A umask that takes from the owner himself.
  if ((mark.mode & PERMISSIONS) !== OWNER_ONLY) chmod(fd, OWNER_ONLY);
  return true;
}
