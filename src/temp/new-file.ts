/** Creates new files: unnamed, in memory, or with an unpredictable name. */
import { type Bytes, SELF } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import {
  type Fd,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_RDWR,
  O_TMPFILE,
  openat,
  tryUnlinkat,
} from "../sys/files.js";
import { ACCESS, chmod, InodeMark } from "../sys/inode.js";
import { memfdCreate } from "../sys/memfd.js";
import { expect, forget, type Held, register, unregister } from "./cleanup-registry.js";
import { lockShared } from "./lock.js";
import { freshName } from "./names.js";
import { type NameParts, nameParts } from "./options.js";

const ATTEMPTS = 1000;
const OWNER_ONLY = 0o600;

/** An unnamed file in the directory's file system (O_TMPFILE, open(2)); undefined if the file system does not support it. */
export function unnamedFile(dir: Fd): Fd | undefined {
  try {
    const fd = openat(dir, SELF, O_TMPFILE | O_RDWR, OWNER_ONLY);
    giveToOwner(fd);
    return fd;
  } catch (error) {
    // EISDIR: the kernel, or a layer in between, treated it as an attempt to open the directory.
    if (failedWith(error, "EOPNOTSUPP", "EISDIR", "ENOSYS", "EINVAL")) return undefined;
    throw error;
  }
}

/** The kind of an anonymous file: it never had a name, its name was unlinked immediately, or it is in memory. */
export type AnonymousBacking = "unnamed" | "unlinked" | "memfd";

export interface AnonymousFile {
  readonly fd: Fd;
  readonly backing: AnonymousBacking;
}

export function anonymousFile(dir: Fd): AnonymousFile {
  const fd = unnamedFile(dir);
  return fd === undefined ? unlinkedFile(dir) : { fd, backing: "unnamed" };
}

/** For file systems without unnamed files (NFS, FAT, FUSE): the file briefly has an unpredictable name. */
export function unlinkedFile(dir: Fd): AnonymousFile {
  const held = newFile(dir, nameParts({}));
  tryUnlinkat(dir, held.name);
  unregister(held);
  return { fd: held.fd, backing: "unlinked" };
}

/** A file in memory: it needs no directory and no file system. */
export function memoryFile(name: Bytes): AnonymousFile {
  const fd = memfdCreate(name);
  // The kernel creates it with mode 0777 or 0666, and other users may try to open it through /proc/PID/fd.
  chmod(fd, OWNER_ONLY);
  return { fd, backing: "memfd" };
}

/** A new file with an unpredictable name; never opens an existing file. */
export function newFile(dir: Fd, { prefix, suffix }: NameParts, nextName = freshName): Held {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const held = makeNamed(dir, nextName(prefix, suffix));
    if (held !== undefined) return held;
  }
  throw takenAway(dir);
}

/** Undefined if the name exists. */
function makeNamed(dir: Fd, name: Bytes): Held | undefined {
  const slot = expect("file", dir, name);
  try {
    const fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, OWNER_ONLY);
    const held = register(slot, { kind: "file", dir, name, fd });
    giveToOwner(fd);
    return held;
  } catch (error) {
    forget(slot);
    if (failedWith(error, "EEXIST")) return undefined;
    throw error;
  }
}

export interface LockedFile {
  readonly held: Held;
  readonly locked: boolean;
}

/** The same with a lock that cleaners honor. Retries if a cleaner removed the file before it was locked. */
export function newLockedFile(dir: Fd, parts: NameParts): LockedFile {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const held = newFile(dir, parts);
    try {
      const lock = lockShared(held.fd);
      if (lock !== "busy" && hasName(held.fd)) return { held, locked: lock === "locked" };
    } catch (error) {
      discard(held);
      throw error;
    }
    discard(held);
  }
  throw takenAway(dir);
}

/** Removes a file that was not returned to the caller yet. */
export function discard(held: Held): void {
  tryUnlinkat(held.dir, held.name);
  unregister(held);
  held.fd.close();
}

const mark = new InodeMark();

function hasName(fd: Fd): boolean {
  mark.lookAt(fd);
  return mark.nlink > 0;
}

/** A umask may restrict the owner too. */
function giveToOwner(fd: Fd): void {
  mark.lookAt(fd);
  if ((mark.mode & ACCESS) !== OWNER_ONLY) chmod(fd, OWNER_ONLY);
}

function takenAway(dir: Fd): UnsafePathError {
  const message = `${ATTEMPTS} new files in a row were removed before they could be locked`;
  return new UnsafePathError("REPLACED_INODE", dir.path, message);
}
