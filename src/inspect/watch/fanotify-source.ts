import { type Bytes, show } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import {
  decodeEvents,
  FAN_CLOSE_WRITE,
  FAN_CREATE,
  FAN_DELETE,
  FAN_EVENT_ON_CHILD,
  FAN_MARK_FILESYSTEM,
  FAN_MARK_INODE,
  FAN_MODIFY,
  FAN_ONDIR,
  FAN_RENAME,
  FAN_REPORT_DFID_NAME_TARGET,
  FAN_REPORT_PIDFD,
  FAN_UNLIMITED_MARKS,
  FAN_UNLIMITED_QUEUE,
  fanotifyInit,
  fanotifyMark,
  fileSystemId,
  fileSystemOf,
  type InodeKey,
  keyOf,
  openByKey,
  readEvents,
} from "../../sys/fanotify.js";
import { Fd, O_DIRECTORY } from "../../sys/files.js";
import { type Stat, statx } from "../../sys/inode.js";
import { currentPath } from "../../sys/processes.js";
import { type Directory, Model } from "./model.js";
import { type Keeper, type NameIn, openDirectory, scan } from "./scan.js";
import type { ChangeSource } from "./source.js";
import { addTarget } from "./targets.js";
import { type Change, type Surroundings, Tracker } from "./tracker.js";

const NAMES = FAN_CREATE | FAN_DELETE | FAN_RENAME | FAN_ONDIR;
// Without FAN_ATTRIB, which each unlink of a last name causes too: it would cost those who delete half as much again.
const MASK = NAMES | FAN_MODIFY | FAN_CLOSE_WRITE;
/** Small enough that the pidfds of one batch stay below the usual limit of 1,024 descriptors. */
const BUFFER_LENGTH = 64 * 1024;

/** How a file system is watched, and the id that its events bear. */
interface Marked {
  readonly id: Bytes;
  /** Each directory has a mark of its own: the file system itself takes none. */
  readonly eachDirectory: boolean;
}

/**
 * Changes by fanotify(7): one mark for each file system that the targets are on, so that nothing is missed between a
 * directory's making and its marking. No descriptor is held below the targets: it would keep them from being unmounted.
 */
export class FanotifySource implements ChangeSource, Keeper, Surroundings {
  readonly notices: string[] = [];
  readonly #group: Fd;
  readonly #model = new Model();
  readonly #tracker: Tracker;
  /** By mount id. */
  readonly #marked = new Map<bigint, Marked | undefined>();
  /** A path on each file system, by its id. */
  readonly #paths = new Map<Bytes, Bytes>();
  readonly #withOwnMarks = new Set<Bytes>();
  readonly #mountRoots = new Map<Bytes, Directory>();
  readonly #pidfds: number[] = [];
  readonly #buffer = Buffer.alloc(BUFFER_LENGTH);

  /** Throws EPERM without CAP_SYS_ADMIN. */
  constructor(targets: readonly Bytes[], reportPidfd: boolean) {
    const flags = FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_REPORT_DFID_NAME_TARGET;
    this.#group = fanotifyInit(flags | (reportPidfd ? FAN_REPORT_PIDFD : 0));
    this.#tracker = new Tracker(this.#model, targets, this);
    for (const target of targets) this.#note(addTarget(this.#model, this, target).closed);
  }

  get fds(): readonly Fd[] {
    return [this.#group];
  }

  get directories(): number {
    return this.#model.size;
  }

  read(): Change[] {
    for (let more = true; more; ) {
      const length = readEvents(this.#group, this.#buffer);
      for (const event of decodeEvents(this.#buffer, length)) {
        if (event.pidfd !== undefined && event.pidfd >= 0) this.#pidfds.push(event.pidfd);
        this.#tracker.apply(event);
      }
      more = length > BUFFER_LENGTH / 2 && this.#pidfds.length === 0;
    }
    return this.#tracker.take();
  }

  release(): void {
    for (const pidfd of this.#pidfds.splice(0)) new Fd(pidfd, "pidfd" as Bytes).close();
  }

  close(): void {
    this.release();
    this.#group.close();
  }

  /** Something was mounted here: what is below is on another file system from now on. */
  mounted(point: Bytes): void {
    this.#marked.clear();
    const model = this.#model;
    try {
      using directory = openDirectory(Fd.cwd, point);
      const key = this.enter(directory, statx(directory));
      if (key === undefined) return;
      const root = model.addRoot(key, point);
      this.#mountRoots.set(point, root);
      this.#note(scan(model, this, directory, root).closed);
    } catch (error) {
      if (!failedWith(error, "ENOENT", "ENOTDIR", "EACCES")) throw error;
    }
  }

  unmounted(point: Bytes): void {
    this.#marked.clear();
    const root = this.#mountRoots.get(point);
    if (root !== undefined) this.#model.forget(root);
    this.#mountRoots.delete(point);
  }

  enter(directory: Fd, stat: Stat): string | undefined {
    const marked = this.#markedAt(directory, stat);
    if (marked === undefined) return undefined;
    if (marked.eachDirectory) fanotifyMark(this.#group, FAN_MARK_INODE, MASK | FAN_EVENT_ON_CHILD, directory);
    return keyOf(marked.id, directory);
  }

  /** Events bear it, always. */
  enterAt(): undefined {
    return undefined;
  }

  isAt(path: Bytes, key: string): boolean {
    try {
      return keyOf(fileSystemOf(key), Fd.cwd, path) === key;
    } catch {
      return false;
    }
  }

  locate(key: string): Bytes | undefined {
    const near = this.#paths.get(fileSystemOf(key));
    if (near === undefined) return undefined;
    try {
      using mount = openDirectory(Fd.cwd, near);
      using directory = openByKey(mount, key as InodeKey, O_DIRECTORY);
      return currentPath(directory);
    } catch {
      return undefined;
    }
  }

  explore(path: Bytes, directory: Directory, why: "created" | "moved"): readonly NameIn[] {
    if (why === "created" && !this.#hasOwnMarks(directory)) return [];
    try {
      using fd = openDirectory(Fd.cwd, path);
      this.enter(fd, statx(fd));
      const { added, closed } = scan(this.#model, this, fd, directory);
      this.#note(closed);
      return added;
    } catch {
      return [];
    }
  }

  #note(closed: readonly Bytes[]): void {
    for (const path of closed) this.notices.push(`${show(path)} can't be watched`);
  }

  #hasOwnMarks(directory: Directory): boolean {
    return [...this.#marked.values()].some(
      (each) => each?.eachDirectory && directory.key.startsWith(each.id),
    );
  }

  #markedAt(directory: Fd, stat: Stat): Marked | undefined {
    if (!this.#marked.has(stat.mountId)) this.#marked.set(stat.mountId, this.#mark(directory));
    return this.#marked.get(stat.mountId);
  }

  #mark(directory: Fd): Marked | undefined {
    const id = fileSystemId(directory);
    this.#paths.set(id, directory.path);
    try {
      fanotifyMark(this.#group, FAN_MARK_FILESYSTEM, MASK, directory);
      return { id, eachDirectory: false };
    } catch (error) {
      // overlayfs can't be marked as a whole, nor can a btrfs by one of its subvolumes; their directories can.
      if (failedWith(error, "ENOTSUP", "EOPNOTSUPP", "EXDEV")) {
        this.#withOwnMarks.add(id);
        return { id, eachDirectory: true };
      }
      // procfs and its like have no identity that events could bear.
      if (failedWith(error, "ENODEV", "EINVAL")) return undefined;
      throw error;
    }
  }
}
