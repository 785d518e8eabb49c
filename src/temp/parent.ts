/** The directory that temporary things are made in, held open. */
import type { Bytes } from "../base/bytes.js";
import { cstring } from "../sys/ffi.js";
import { Fd } from "../sys/files.js";
import { InodeMark } from "../sys/inode.js";
import { isInMemory } from "../sys/space.js";
import { openSafely } from "./safe-open.js";

/**
 * The directory that temporary things are made in, found safe and held open: whatever happens to its path afterwards,
 * what is made through `fd` lies in the directory that was looked at. Shared by all that is made in it.
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

  /** Whether a crash takes all of it anyway. `inside` is a file in it, to ask by when this is closed already. */
  isInMemory(inside: Fd): boolean {
    this.#inMemory ??= isInMemory(inside);
    return this.#inMemory;
  }

  /** One more user, who will dispose of it too. */
  share(): this {
    this.#users++;
    return this;
  }

  [Symbol.dispose](): void {
    if (--this.#users === 0) this.fd.close();
  }
}

/** A directory that the caller named. It is held only for as long as something made in it lives: an fd keeps a mount busy. */
export function openTempParent(path: Bytes): Parent {
  return new Parent(openSafely(path), path);
}

/**
 * A standard place (/tmp, /var/tmp, $TMPDIR), remembered: between two full checks one look at the path tells whether it
 * is still the same inode with the same owner and permissions, and if it is, what is made goes through the fd that was
 * checked, not through the path. What the look leaves out are the directories above; to make those unsafe takes their
 * owner, who is trusted, and the next full check notices.
 */
export function standardParent(path: Bytes): Parent {
  const known = remembered.get(path);
  return known?.isRecent() === true && known.isSame() ? known.parent.share() : checkedAnew(path);
}

/**
 * The same without the look, for what will have no name: nobody could find it by the path, so it does no harm when the
 * path has led elsewhere for some milliseconds.
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
