/** Copies a tree by directory fds. */
import { type Bytes, EMPTY, join } from "../base/bytes.js";
import { SyscallError, UnsafePathError } from "../base/errors.js";
import { throwIfStopped } from "../base/stop.js";
import { copyContent } from "../sys/copy.js";
import { leavingAtime } from "../sys/directory.js";
import {
  type Fd,
  mkdirat,
  mknodat,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  openat,
  readlinkat,
  reopen,
  symlinkat,
} from "../sys/files.js";
import {
  ACCESS,
  inodeId,
  isDirectory,
  isRegular,
  isSymlink,
  makeDevice,
  type Stat,
  sameInode,
  statx,
} from "../sys/inode.js";
import { HardLinks } from "./copy-links.js";
import {
  type Appearance,
  type CopyFrame,
  type CopyOptions,
  type CreateInode,
  closing,
  contentOf,
  dress,
  fillOrUnlink,
  isThere,
  LISTING_BUFFER,
  makeUnfinished,
  markUnfinished,
  namesToCopy,
  openCopy,
  openMade,
  push,
  removeFor,
  reopenAbove,
  type Side,
  unmark,
} from "./copy-parts.js";
import {
  kernelTime,
  makeUnderTemporaryName,
  makeUnnamed,
  requireNew,
  type Whole,
  type WholeMaking,
} from "./whole.js";
import { closeWorkplace } from "./workplace.js";

export { acceptsCopy, type CopyOptions } from "./copy-parts.js";

/** Ancestors farther up than this are closed, and reopened through `..`, so a copy needs few fds at any depth. */
const OPEN_LEVELS = 2;
/** The time limit for removing an unfinished copy. The next run removes the rest. */
const DISCARD_MS = 300;

/**
 * Copies `source` (O_PATH) to `name` in `dir`: content, owner, mode, times, `user.` attributes; hard links within a tree,
 * symlinks and nodes as they are. Replaces nothing: throws EEXIST for the top, also for a directory with entries unless `merge`
 * is set. Other failures are reported and the rest is copied, but not on to a full disk. Depth costs neither stack nor fds.
 * New files and trees appear complete; an empty directory is marked while it is filled, so that the next run continues.
 * Returns the copy, still open.
 */
export function copyTree(source: Fd, dir: Fd, name: Bytes, options: CopyOptions): Fd | undefined {
  const copying = new TreeCopy(dir, options);
  copying.copy(source, dir, name);
  return copying.finish();
}

class TreeCopy {
  readonly #dir: Fd;
  readonly #options: CopyOptions;
  readonly #levels: CopyFrame[] = [];
  readonly #room = Buffer.allocUnsafeSlow(LISTING_BUFFER);
  readonly #hardLinks = new HardLinks();
  #result: Fd | undefined;

  constructor(dir: Fd, options: CopyOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  /** The copy itself, still open. */
  get #top(): Side | undefined {
    return this.#levels[0]?.to;
  }

  finish(): Fd | undefined {
    try {
      for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
        throwIfStopped(this.#options.stop);
        const name = level.names.pop();
        if (name === undefined) this.#leave(level);
        else this.#child(level, name);
      }
      return this.#result;
    } finally {
      this.#discard();
      for (const { from, to } of this.#levels) {
        from.fd.close();
        to.fd.close();
      }
    }
  }

  /** Removes the unfinished tree, if there is one. */
  #discard(): void {
    const at = this.#levels.findIndex(({ workplace }) => workplace !== undefined);
    const level = this.#levels[at];
    if (level?.workplace === undefined) return;
    const { workplace } = level;
    try {
      const above = this.#levels[at - 1];
      if (above !== undefined) reopenAbove(above.to, level.to);
      const dir = above?.to.fd ?? this.#dir;
      removeFor(DISCARD_MS, workplace.room ?? dir, workplace.name);
      closeWorkplace(workplace, dir);
    } catch (error) {
      // It was moved out of reach, or the time is over and the next run removes it.
      if (!(error instanceof SyscallError || error instanceof UnsafePathError)) throw error;
    }
  }

  /** Whether the current directory is new or inside a new one: nobody sees it yet, and it has no other entries. */
  get #isWithinNew(): boolean {
    return this.#levels.at(-1)?.isNew === true;
  }

  #child(level: CopyFrame, name: Bytes): void {
    this.#noting(() => {
      using source = openat(level.from.fd, name, O_PATH | O_NOFOLLOW);
      this.copy(source, level.to.fd, name);
    });
  }

  #noting(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code === "ENOSPC") throw error;
      if (error.code !== "EEXIST") this.#options.failed(error);
    }
  }

  copy(source: Fd, dir: Fd, name: Bytes): void {
    const stat = statx(source);
    if (this.#isCopyItself(stat)) return;
    if (isDirectory(stat)) this.#enter(source, stat, dir, name);
    else if (isSymlink(stat)) this.#node(source, stat, dir, name);
    else if (!this.#hardLinks.link(stat, this.#top?.fd, dir, name)) {
      if (isRegular(stat)) this.#file(source, stat, dir, name);
      else this.#node(source, stat, dir, name);
      this.#hardLinks.remember(stat, this.#levels, dir, name);
    }
  }

  /** If the copy is inside its source, skip the copy itself; there would be no end otherwise. */
  #isCopyItself(stat: Stat): boolean {
    const top = this.#levels[0];
    if (top === undefined) return false;
    const room = top.workplace?.room;
    return sameInode(stat, top.to.stat) || (room !== undefined && sameInode(stat, statx(room)));
  }

  #make(dir: Fd, name: Bytes, type: number, make: () => void): void {
    this.#options.making(() => join(dir.path, name), type, make);
  }

  #enter(source: Fd, stat: Stat, dir: Fd, name: Bytes): void {
    const from = this.#opened(source, O_DIRECTORY);
    try {
      const names = namesToCopy(from, this.#room);
      const there = this.#isWithinNew ? undefined : contentOf(dir, name, this.#top === undefined);
      const isNew = there === undefined || (there === "filled" && !this.#options.merge);
      // The existing entry may be a dangling symlink.
      const isTopmostNew = there === undefined && !this.#isWithinNew && !isThere(dir, name);
      const make = (into: Fd, as: Bytes): void =>
        this.#make(dir, name, stat.mode, () => mkdirat(into, as, stat.mode & ACCESS));
      const unfinished = isTopmostNew ? makeUnfinished(dir, name, make) : undefined;
      const since = isTopmostNew ? kernelTime() : undefined;
      if (isNew && unfinished === undefined) make(dir, name);
      const { workplace, to } = unfinished ?? { workplace: undefined, to: openCopy(dir, name) };
      if (since !== undefined && unfinished === undefined) requireNew(to, since, stat.mode);
      // With `+` the next run adds missing entries anyway.
      const needsMark = there === "nothing" && !this.#options.merge && names.length > 0;
      const isMarked = there === "unfinished" || (needsMark && markUnfinished(to));
      const { mode, uid, gid, atime, mtime } = stat;
      const fromSide = { fd: from, stat: { ...inodeId(stat), mode, uid, gid, atime, mtime } };
      const toSide = { fd: to, stat: inodeId(statx(to)) };
      this.#levels.push({ name, workplace, from: fromSide, to: toSide, isNew, isMarked, names });
    } catch (error) {
      throw closing(from, error);
    }
    this.#closeFar();
  }

  /** Opens the inode at `source`, not by a name: a user may be allowed to list a directory but not to search it. */
  #opened(source: Fd, flags: number): Fd {
    const opened = leavingAtime((quiet) => reopen(source, O_RDONLY | flags | quiet));
    // The caller owns the fd of the top.
    if (this.#levels.length > 0) source.close();
    return opened;
  }

  #closeFar(): void {
    const [far, below] = this.#levels.slice(-1 - OPEN_LEVELS);
    if (this.#levels.length <= OPEN_LEVELS || far === undefined) return;
    far.from.fd.close();
    // Not through `..`: the directory below has another parent until it is complete.
    const isNeeded = far.workplace !== undefined || below?.workplace?.room !== undefined;
    if (far.to !== this.#top && !isNeeded) far.to.fd.close();
  }

  /** Sets a directory's owner, mode and times last: filling it needs access and changes the times. */
  #leave(level: CopyFrame): void {
    using from = level.from.fd;
    const above = this.#levels.at(-2);
    if (above !== undefined) {
      reopenAbove(above.from, level.from);
      reopenAbove(above.to, level.to);
    }
    if (level.isNew) this.#noting(() => this.#dress(level.to.fd, level.from.stat, from));
    if (level.isMarked) unmark(level.to.fd);
    if (above === undefined) push(level, this.#dir);
    else this.#noting(() => push(level, above.to.fd));
    this.#levels.pop();
    this.#keepTop(level.to.fd);
  }

  /** The top stays open. */
  #keepTop(fd: Fd): void {
    if (this.#levels.length === 0) this.#result = fd;
    else fd.close();
  }

  #file(source: Fd, stat: Stat, dir: Fd, name: Bytes): void {
    using from = this.#opened(source, O_NOCTTY);
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_NOFOLLOW;
    const making = {
      fill: (to: Fd) => copyContent(from, to),
      adjust: (to: Fd) => this.#dress(to, stat, from),
    };
    const create = (into: Fd, as: Bytes): Fd => openat(into, as, flags, stat.mode & ACCESS);
    if (!this.#whole(stat, dir, name, create, making)) this.#plainly(stat, dir, name, create, making);
  }

  /** Everything but directories and files. */
  #node(source: Fd, stat: Stat, dir: Fd, name: Bytes): void {
    const isLink = isSymlink(stat);
    const device = makeDevice(stat.rdevMajor, stat.rdevMinor);
    const create = (into: Fd, as: Bytes): undefined => {
      if (isLink) symlinkat(readlinkat(source, EMPTY), into, as);
      else mknodat(into, as, stat.mode, device);
    };
    const adjust = (fd: Fd): void => this.#dress(fd, stat, isLink ? source : undefined);
    if (!this.#whole(stat, dir, name, create, { adjust })) this.#plainly(stat, dir, name, create, { adjust });
  }

  /** Creates it under its own name. */
  #plainly(stat: Stat, dir: Fd, name: Bytes, create: CreateInode, { fill, adjust }: WholeMaking): void {
    const since = this.#isWithinNew ? undefined : kernelTime();
    let made: Fd | undefined;
    this.#make(dir, name, stat.mode, () => {
      made = create(dir, name);
    });
    const fd = made ?? openMade(dir, name, stat, since);
    try {
      if (fill !== undefined) fillOrUnlink(dir, name, () => fill(fd));
      adjust(fd);
    } catch (error) {
      throw closing(fd, error);
    }
    this.#keepTop(fd);
  }

  /** False if it must be created under its own name: nobody sees the tree yet, or nothing else is possible. */
  #whole(stat: Stat, dir: Fd, name: Bytes, create: CreateInode, making: WholeMaking): boolean {
    if (this.#isWithinNew || isThere(dir, name)) return false;
    const mode = stat.mode & ACCESS;
    const attempts: (() => Whole | undefined)[] = [
      () => (isRegular(stat) ? makeUnnamed(dir, name, mode, making) : undefined),
      () => makeUnderTemporaryName(dir, name, create, making),
    ];
    for (const attempt of attempts) {
      let whole: Whole | undefined;
      this.#make(dir, name, stat.mode, () => {
        whole = attempt();
      });
      if (whole === undefined) continue;
      if (whole.failure !== undefined) throw closing(whole.fd, whole.failure);
      this.#keepTop(whole.fd);
      return true;
    }
    return false;
  }

  #dress(fd: Fd, stat: Appearance, attributesFrom: Fd | undefined): void {
    dress(fd, stat, attributesFrom, this.#options);
  }
}
