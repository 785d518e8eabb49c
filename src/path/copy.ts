/** Copies a tree by directory fds. */
import { type Bytes, join } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";
import { throwIfStopped } from "../base/stop.js";
import { copyContent } from "../sys/copy.js";
import { entries, leavingAtime } from "../sys/directory.js";
import {
  Fd,
  linkat,
  makeDevice,
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
  unlinkat,
} from "../sys/files.js";
import {
  chmod,
  chown,
  isDirectory,
  isRegular,
  isSymlink,
  type Stat,
  sameInode,
  setTimesOfHeld,
  statx,
} from "../sys/inode.js";
import {
  type CopyOptions,
  contentOf,
  copyXattrs,
  giveName,
  hardLinkKey,
  isThere,
  type Level,
  lockOn,
  openCopied,
  openCopy,
  type Place,
  removeFor,
  type Side,
} from "./copy-parts.js";
import { PARENT, reopened } from "./tree.js";
import { makeUnderTemporaryName, makeUnnamed, temporaryName, type Whole, type WholeMaking } from "./whole.js";

export type { CopyOptions } from "./copy-parts.js";

const EMPTY = "" as Bytes;
const PERMISSIONS = 0o7777;
/** Without the set-id bits, which come once the owner is right. */
const ACCESS = 0o777;

/** Levels farther up than this are closed, and found again through `..`. */
const OPEN_LEVELS = 4;
/** So long may the removal of an unfinished copy take. The next run removes the rest. */
const DISCARD_MS = 300;

/**
 * Copies what `source` (O_PATH) holds to `name` in `dir`: content, owner, mode, times, `user.` attributes; hard links
 * within a tree, symlinks and nodes as they are. Nothing that is there is replaced: it throws EEXIST for the top, also
 * for a directory that holds something unless `merge` is set. What fails further down is told, and the rest copied, in
 * the order of the names; but not on to a full disk. Depth costs neither stack nor fds. Each new file, and each new tree,
 * appears once it is complete.
 */
export function copyTree(source: Fd, dir: Fd, name: Bytes, options: CopyOptions): void {
  const copying = new TreeCopy(dir, options);
  copying.copy(source, dir, name);
  copying.finish();
}

class TreeCopy {
  readonly #dir: Fd;
  readonly #options: CopyOptions;
  readonly #levels: Level[] = [];
  /** The copy itself. */
  #top: Side | undefined;
  /** Where the first copy of an inode with several names is, below the top: by device and number. */
  readonly #linked = new Map<string, { readonly place: Place; readonly stat: Stat }>();

  constructor(dir: Fd, options: CopyOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  finish(): void {
    try {
      for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
        throwIfStopped(this.#options.stop);
        const { value: name, done } = level.names.next();
        if (done === true) this.#leave(level);
        else this.#child(level, name);
      }
    } finally {
      this.#discard();
      for (const { from, to } of this.#levels) {
        from.fd.close();
        to.fd.close();
      }
      this.#top?.fd.close();
    }
  }

  /** Removes the tree that is unfinished, if any: there is at most one. */
  #discard(): void {
    const at = this.#levels.findIndex((level) => level.temporary !== undefined);
    const level = this.#levels[at];
    const dir = at === 0 ? this.#dir : this.#levels[at - 1]?.to.fd;
    if (level?.temporary === undefined || dir === undefined) return;
    if (dir.number >= 0) removeFor(DISCARD_MS, dir, level.temporary.name);
    level.temporary.lock.close();
  }

  /** Whether the directory at hand is new, or lies in one that is: nobody sees it yet, and nothing is there. */
  get #isWithinNew(): boolean {
    return this.#levels.at(-1)?.isNew === true;
  }

  #child(level: Level, name: Bytes): void {
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
    // A copy that lies within what is copied is no part of it, or there would be no end.
    if (this.#top !== undefined && sameInode(stat, this.#top.stat)) return;
    if (isDirectory(stat)) this.#enter(source, stat, dir, name);
    else if (isSymlink(stat)) this.#symlink(source, stat, dir, name);
    else if (!this.#link(stat, dir, name)) {
      if (isRegular(stat)) this.#file(source, stat, dir, name);
      else this.#node(stat, dir, name);
      if (stat.nlink > 1)
        this.#linked.set(hardLinkKey(stat), {
          place: { levels: this.#levels.slice(1), name },
          stat: statx(dir, name),
        });
    }
  }

  #make(dir: Fd, name: Bytes, type: number, make: () => void): void {
    this.#options.making(() => join(dir.path, name), type, make);
  }

  #enter(source: Fd, stat: Stat, dir: Fd, name: Bytes): void {
    // Not by its name ".": one may be allowed to list what one may not search.
    const from = leavingAtime((quiet) => reopen(source, O_RDONLY | O_DIRECTORY | quiet));
    try {
      const there = this.#isWithinNew ? undefined : contentOf(dir, name);
      const isNew = there === undefined || (there === "filled" && !this.#options.merge);
      // What is there may be a symlink that leads nowhere.
      const isTopmostNew = there === undefined && !this.#isWithinNew && !isThere(dir, name);
      const actual = (isTopmostNew ? temporaryName(dir, name) : undefined) ?? name;
      if (isNew) this.#make(dir, name, stat.mode, () => mkdirat(dir, actual, stat.mode & ACCESS));
      // Messages have the name that it will have.
      const to = new Fd(openCopy(dir, actual).number, name, dir);
      const temporary = actual === name ? undefined : { name: actual, lock: lockOn(to) };
      const made = statx(to);
      this.#top ??= { fd: reopen(to, O_RDONLY | O_DIRECTORY), stat: made };
      const sorted = [...entries(from)].map((entry) => entry.name).sort();
      const [fromSide, toSide] = [
        { fd: from, stat },
        { fd: to, stat: made },
      ];
      const names = sorted.values();
      this.#levels.push({ name, from: fromSide, to: toSide, isNew, temporary, actual, names });
    } catch (error) {
      from.close();
      throw error;
    }
    const far = this.#levels.at(-1 - OPEN_LEVELS);
    far?.from.fd.close();
    far?.to.fd.close();
  }

  /** A directory's own owner, mode and times come last: filling it needs the one and moves the others. */
  #leave(level: Level): void {
    this.#levels.pop();
    using from = level.from.fd;
    using to = level.to.fd;
    const above = this.#levels.at(-1);
    if (above !== undefined && above.to.fd.number < 0) {
      above.from.fd = reopened(from, PARENT, above.from, O_PATH);
      above.to.fd = reopened(to, PARENT, above.to, O_PATH);
    }
    if (level.isNew) this.#noting(() => this.#dress(to, level.from.stat, from));
    if (level.temporary === undefined) return;
    const push = (): void => this.#push(above?.to.fd ?? this.#dir, level);
    if (above === undefined) push();
    else this.#noting(push);
  }

  #push(dir: Fd, level: Level): void {
    const { name, actual, temporary } = level;
    using _lock = temporary?.lock;
    giveName(dir, actual, name);
    level.actual = name;
  }

  #file(source: Fd, stat: Stat, dir: Fd, name: Bytes): void {
    using from = leavingAtime((quiet) => reopen(source, O_RDONLY | O_NOCTTY | quiet));
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_NOFOLLOW;
    const making = {
      fill: (to: Fd) => copyContent(from, to),
      adjust: (to: Fd) => this.#dress(to, stat, source),
    };
    const create = (into: Fd, as: Bytes): Fd => openat(into, as, flags, stat.mode & ACCESS);
    if (this.#whole(stat, dir, name, create, making)) return;
    let made: Fd | undefined;
    this.#make(dir, name, stat.mode, () => {
      made = create(dir, name);
    });
    if (made === undefined) return;
    using to = made;
    try {
      copyContent(from, to);
    } catch (error) {
      unlinkat(dir, name);
      throw error;
    }
    this.#dress(to, stat, source);
  }

  #node(stat: Stat, dir: Fd, name: Bytes): void {
    const device = makeDevice(stat.rdevMajor, stat.rdevMinor);
    const create = (into: Fd, as: Bytes): undefined => void mknodat(into, as, stat.mode, device);
    const adjust = (fd: Fd): void => this.#dress(fd, stat, undefined);
    if (this.#whole(stat, dir, name, create, { adjust })) return;
    this.#make(dir, name, stat.mode, () => create(dir, name));
    using fd = openat(dir, name, O_PATH | O_NOFOLLOW);
    this.#dress(fd, stat, undefined);
  }

  #symlink(source: Fd, stat: Stat, dir: Fd, name: Bytes): void {
    const create = (into: Fd, as: Bytes): undefined => void symlinkat(readlinkat(source, EMPTY), into, as);
    const adjust = (fd: Fd): void => this.#dress(fd, stat, source);
    if (this.#whole(stat, dir, name, create, { adjust })) return;
    this.#make(dir, name, stat.mode, () => create(dir, name));
    using fd = openat(dir, name, O_PATH | O_NOFOLLOW);
    this.#dress(fd, stat, source);
  }

  /** False if it has to be made in the plain way: in a tree that nobody sees yet, or because nothing else is possible. */
  #whole(
    stat: Stat,
    dir: Fd,
    name: Bytes,
    create: (dir: Fd, name: Bytes) => Fd | undefined,
    making: WholeMaking,
  ): boolean {
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
      whole.fd.close();
      if (whole.failure !== undefined) throw whole.failure;
      return true;
    }
    return false;
  }

  #dress(fd: Fd, stat: Stat, attributesFrom: Fd | undefined): void {
    try {
      chown(fd, this.#options.uid ?? stat.uid, this.#options.gid ?? stat.gid);
    } finally {
      // A copy that can't be given away stays, and has the mode and the age of its source all the same.
      if (!isSymlink(stat)) chmod(fd, stat.mode & PERMISSIONS);
      if (attributesFrom !== undefined) copyXattrs(attributesFrom, fd);
      setTimesOfHeld(fd, stat.atime, stat.mtime);
    }
  }

  /** Gives an inode that was copied already one more name; false where it must be copied anew. */
  #link(stat: Stat, dir: Fd, name: Bytes): boolean {
    const known = stat.nlink > 1 ? this.#linked.get(hardLinkKey(stat)) : undefined;
    const top = this.#top?.fd;
    if (known === undefined || top === undefined) return false;
    try {
      using above = openCopied(top, known.place);
      linkat(above, known.place.name, dir, name);
    } catch (error) {
      if (error instanceof SyscallError) return false;
      throw error;
    }
    // Somebody may have put another inode in its place.
    if (sameInode(statx(dir, name), known.stat)) return true;
    unlinkat(dir, name);
    return false;
  }
}
