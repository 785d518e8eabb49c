/** The open parent directory of temporary files. */
import type { Bytes } from "../base/bytes.js";
import { cstring } from "../sys/ffi.js";
import { Fd } from "../sys/files.js";
import { InodeMark } from "../sys/inode.js";
import { isInMemory } from "../sys/space.js";
import { openSafely } from "./safe-open.js";

/**
 * The parent directory of temporary files, checked and kept open: whatever happens to its path afterwards, files that are
 * created through `fd` are in the directory that was checked. Shared by all files in it.
 */
export class Parent implements Disposable {
  readonly fd: Fd;
  readonly path: Bytes;
  #users = 1;
  #inMemory: boolean | undefined;

  constructor(fd: Fd, path: Bytes) {
    this.fd = fd;
    this.path = path;
  }

  /** Whether its file system does not survive a crash. `inside` is a file in it, used if this is already closed. */
  isInMemory(inside: Fd): boolean {
    this.#inMemory ??= isInMemory(inside);
    return this.#inMemory;
  }

  /** Adds a user, which must dispose of it too. */
  share(): this {
    this.#users++;
    return this;
  }

  [Symbol.dispose](): void {
    if (--this.#users === 0) this.fd.close();
  }
}

/** A directory that the caller specified. It is closed with the last file in it, since an open fd keeps a mount busy. */
export function openTempParent(path: Bytes): Parent {
  return new Parent(openSafely(path), path);
}

/**
 * A cached standard directory (/tmp, /var/tmp, $TMPDIR). Between full checks, one stat of the path shows whether it is
 * still the same inode with the same owner and mode; files are then created through the checked fd, not the path. The stat
 * does not cover the directories above. Only their trusted owners could make those unsafe, and the next full check would
 * find it.
 */
export function standardParent(path: Bytes): Parent {
  const known = remembered.get(path);
  return known?.isRecent() === true && known.isSame() ? known.parent.share() : checkedAnew(path);
}

/**
 * The same without the stat, for unnamed files: they are not found by path, so it does not matter if the path was changed
 * a few milliseconds ago.
 */
export function recentParent(path: Bytes): Parent {
  const known = remembered.get(path);
  return known?.isRecent() === true ? known.parent.share() : checkedAnew(path);
}

function checkedAnew(path: Bytes): Parent {
  remembered.get(path)?.parent[Symbol.dispose]();
  remembered.delete(path);
  if (remembered.size >= MOST_REMEMBERED) forgetOldest();
  const fresh = new Remembered(path);
  remembered.set(path, fresh);
  return fresh.parent.share();
}

const FULL_CHECK_EVERY_MS = 1000;
const MOST_REMEMBERED = 4;
const FOLLOW = 0;
const remembered = new Map<Bytes, Remembered>();
const nowMark = new InodeMark();

class Remembered {
  readonly parent: Parent;
  readonly #cpath: Buffer;
  readonly #mark = new InodeMark();
  readonly #checkedAt = performance.now();

  constructor(path: Bytes) {
    this.parent = new Parent(openSafely(path, true), path);
    this.#cpath = cstring(path);
    this.#mark.lookAt(this.parent.fd);
  }

  isRecent(): boolean {
    return performance.now() - this.#checkedAt < FULL_CHECK_EVERY_MS;
  }

  isSame(): boolean {
    return nowMark.look(Fd.cwd, this.#cpath, FOLLOW) && nowMark.equals(this.#mark);
  }
}

function forgetOldest(): void {
  for (const [path, oldest] of remembered) {
    oldest.parent[Symbol.dispose]();
    remembered.delete(path);
    return;
  }
}
