/** Changes from fanotify, for root. */
import { type Bytes, join } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import {
  decodeEvents,
  FAN_CLOSE_WRITE,
  FAN_CREATE,
  FAN_DELETE,
  FAN_EVENT_ON_CHILD,
  FAN_MARK_FILESYSTEM,
  FAN_MARK_IGNORE_SURV,
  FAN_MARK_INODE,
  FAN_MODIFY,
  FAN_ONDIR,
  FAN_RENAME,
  FAN_REPORT_DFID_NAME_TARGET,
  FAN_REPORT_PIDFD,
  FAN_UNLIMITED_MARKS,
  FAN_UNLIMITED_QUEUE,
  type FanotifyEvent,
  fanotifyInit,
  fanotifyMark,
  fileSystemId,
  fileSystemOf,
  type InodeKey,
  keyOf,
  openByKey,
  queuedEvents,
  readEvents,
} from "../../sys/fanotify.js";
import { Fd, O_DIRECTORY } from "../../sys/files.js";
import { statx } from "../../sys/inode.js";
import { MOUNT_ATTR_RDONLY, newMount } from "../../sys/mount.js";
import { mountAt, readMountInfo } from "../../sys/mountinfo.js";
import { currentPath } from "../../sys/processes.js";
import { isInodeAndGeneration, UnlinkRecorder } from "../recorder/unlinks.js";
import type { Change, WatchEnvironment } from "./change.js";
import type { Directory } from "./directory-model.js";
import { Order } from "./order.js";
import { type EntryStore, type NameIn, openWatchedDirectory } from "./scan.js";
import type { ChangeSource } from "./source.js";
import { WatchedTree } from "./watched-tree.js";

const NAMES = FAN_CREATE | FAN_DELETE | FAN_RENAME | FAN_ONDIR;
// Without FAN_ATTRIB, which each unlink of a last name also causes: deletions would be half as slow again.
const MASK = NAMES | FAN_MODIFY | FAN_CLOSE_WRITE;
/** Small enough that the pidfds of one batch stay below the usual limit of 1,024 descriptors. */
const BUFFER_LENGTH = 64 * 1024;
/** The limit of one batch, so that it ends under any load. */
const MOST_READS = 16;
/** Room for the largest event. */
const FEW_LENGTH = 2 * 1024;

/** How a file system is watched, and the ID in its events. */
interface Marked {
  readonly id: Bytes;
  /** Each directory has its own mark, since the file system does not support one as a whole. */
  readonly eachDirectory: boolean;
}

/**
 * Changes by fanotify(7): one mark for each file system that the targets are on, so that nothing is missed between a
 * directory's making and its marking. No descriptor is held below the targets: it would keep them from being unmounted.
 */
export class FanotifySource implements ChangeSource, EntryStore, WatchEnvironment {
  readonly tree: WatchedTree;
  readonly #group: Fd;
  /** By mount id. */
  readonly #marked = new Map<bigint, Marked | undefined>();
  /** A path on each file system, by its id. */
  readonly #paths = new Map<Bytes, Bytes>();
  readonly #mountRoots = new Map<Bytes, Directory>();
  readonly #pidfds: number[] = [];
  /** How many events were taken from the queue. */
  #taken = 0;
  readonly #buffer = Buffer.alloc(BUFFER_LENGTH);
  /** Puts removals between the events. While events are read, their number is unknown, so each read must be short. */
  readonly #few = this.#buffer.subarray(0, FEW_LENGTH);
  /** Reports removals of files if the kernel allows it: this slows down deletions less than fanotify events. */
  #unlinks: UnlinkRecorder | undefined;
  /** Only before the first read. */
  #mayOpenUnlinks: boolean;
  readonly #order: Order | undefined;

  /** Without pidfds, PIDs must be those of the host. Throws EPERM without CAP_SYS_ADMIN. */
  constructor(targets: readonly Bytes[], reportPidfd: boolean, mayUseTracepoint = true) {
    const flags = FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_REPORT_DFID_NAME_TARGET;
    this.#group = fanotifyInit(flags | (reportPidfd ? FAN_REPORT_PIDFD : 0));
    this.#mayOpenUnlinks = !reportPidfd && mayUseTracepoint;
    this.tree = new WatchedTree(targets, this);
    this.tree.begin();
    this.#mayOpenUnlinks = false;
    const queue = {
      read: () => [...this.#some(this.#few)],
      isThere: (event: FanotifyEvent) => this.#isThere(event),
    };
    this.#order = this.#unlinks && new Order(this.#unlinks, queue);
  }

  /** Whether removals of files come from the kernel's tracepoint, on at least one file system. */
  get usesTracepoint(): boolean {
    return this.#unlinks?.isUsed === true;
  }

  get fds(): readonly Fd[] {
    return this.#unlinks === undefined ? [this.#group] : [this.#group, this.#unlinks.fd];
  }

  read(): Change[] {
    for (const event of this.#order?.read() ?? this.#queued()) this.tree.tracker.apply(event);
    return this.tree.tracker.take();
  }

  untilNow(): () => boolean {
    const events = this.#taken + queuedEvents(this.#group);
    const unlinks = this.#unlinks?.untilNow() ?? (() => true);
    return () => (this.#order?.reported ?? this.#taken) >= events && unlinks();
  }

  release(): void {
    for (const pidfd of this.#pidfds.splice(0)) new Fd(pidfd, "pidfd" as Bytes).close();
  }

  close(): void {
    this.release();
    this.#group.close();
    this.#unlinks?.close();
  }

  mounted(point: Bytes): void {
    this.#marked.clear();
    try {
      const root = this.tree.mounted(point);
      if (root !== undefined) this.#mountRoots.set(point, root);
    } catch (error) {
      if (!failedWith(error, "ENOENT", "ENOTDIR", "EACCES")) throw error;
    }
  }

  unmounted(point: Bytes): void {
    this.#marked.clear();
    const root = this.#mountRoots.get(point);
    if (root !== undefined) this.tree.model.forget(root);
    this.#mountRoots.delete(point);
  }

  enter(directory: Fd): string | undefined {
    const marked = this.#markedAt(directory);
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
      using mount = openWatchedDirectory(Fd.cwd, near);
      using directory = openByKey(mount, key as InodeKey, O_DIRECTORY);
      return currentPath(directory);
    } catch {
      return undefined;
    }
  }

  explore(path: Bytes, directory: Directory, why: "created" | "moved"): readonly NameIn[] {
    if (why === "created" && !this.#hasOwnMarks(directory)) return [];
    try {
      using fd = openWatchedDirectory(Fd.cwd, path);
      // Another directory may have taken the name since the event.
      if (this.enter(fd) !== directory.key) return [];
      return this.tree.scan(fd, directory);
    } catch {
      return [];
    }
  }

  *#queued(): Generator<FanotifyEvent> {
    for (let reads = 0; reads < MOST_READS; reads++) {
      const length = yield* this.#some(this.#buffer);
      if (length <= BUFFER_LENGTH / 2 || this.#pidfds.length > 0) return;
    }
  }

  /** What one read(2) gives; returns its length. */
  *#some(buffer: Buffer): Generator<FanotifyEvent, number> {
    const length = readEvents(this.#group, buffer);
    for (const event of decodeEvents(buffer, length)) {
      this.#taken++;
      if (event.pidfd !== undefined && event.pidfd >= 0) this.#pidfds.push(event.pidfd);
      yield event;
    }
    return length;
  }

  #isThere({ at, target }: FanotifyEvent): boolean {
    const directory = at && this.tree.model.find(at.directory);
    if (at === undefined || directory === undefined || target === undefined) return false;
    return this.isAt(join(this.tree.model.pathOf(directory), at.name), target);
  }

  #openUnlinks(): UnlinkRecorder | undefined {
    if (!this.#mayOpenUnlinks) return this.#unlinks;
    this.#mayOpenUnlinks = false;
    try {
      this.#unlinks = new UnlinkRecorder(this.#group);
    } catch {
      // The kernel does not allow it: fanotify then reports removals itself.
    }
    return this.#unlinks;
  }

  /** Before the file system is marked, so that each removal is reported exactly once. */
  #recordUnlinks(directory: Fd, id: Bytes): void {
    if (mountAt(readMountInfo(), directory.path)?.type !== "ext4") return;
    const { inode, deviceMajor, deviceMinor } = statx(directory);
    if (!isInodeAndGeneration(keyOf(id, directory), id, inode)) return;
    const unlinks = this.#openUnlinks();
    if (unlinks === undefined) return;
    try {
      fanotifyMark(this.#group, FAN_MARK_FILESYSTEM | FAN_MARK_IGNORE_SURV, FAN_DELETE, directory);
      unlinks.add(deviceMajor, deviceMinor, id);
    } catch (error) {
      if (!failedWith(error, "EINVAL")) throw error;
    }
  }

  #hasOwnMarks(directory: Directory): boolean {
    return [...this.#marked.values()].some(
      (each) => each?.eachDirectory && directory.key.startsWith(each.id),
    );
  }

  #markedAt(directory: Fd): Marked | undefined {
    const { mountId } = statx(directory);
    if (!this.#marked.has(mountId)) this.#marked.set(mountId, this.#mark(directory));
    return this.#marked.get(mountId);
  }

  #markTopLevel(directory: Fd): Marked | undefined {
    try {
      const source = mountAt(readMountInfo(), directory.path)?.source ?? ("" as Bytes);
      using mount = newMount("btrfs", { source, subvolid: "5" }, MOUNT_ATTR_RDONLY);
      using top = openWatchedDirectory(mount, "." as Bytes);
      fanotifyMark(this.#group, FAN_MARK_FILESYSTEM, MASK, top);
      const id = fileSystemId(top);
      this.#paths.set(id, directory.path);
      return { id, eachDirectory: false };
    } catch {
      return undefined;
    }
  }

  #mark(directory: Fd): Marked | undefined {
    const id = fileSystemId(directory);
    this.#paths.set(id, directory.path);
    try {
      this.#recordUnlinks(directory, id);
      fanotifyMark(this.#group, FAN_MARK_FILESYSTEM, MASK, directory);
      return { id, eachDirectory: false };
    } catch (error) {
      // btrfs does not allow marks by a subvolume, so its top level is mounted, attached nowhere.
      const whole = failedWith(error, "EXDEV") ? this.#markTopLevel(directory) : undefined;
      if (whole !== undefined) return whole;
      // overlayfs does not support marks as a whole, but on its directories.
      if (failedWith(error, "ENOTSUP", "EOPNOTSUPP", "EXDEV")) return { id, eachDirectory: true };
      // procfs and similar file systems have no ID for events.
      if (failedWith(error, "ENODEV", "EINVAL")) return undefined;
      throw error;
    }
  }
}
