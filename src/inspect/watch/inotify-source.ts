/** Changes from inotify, for ordinary users. */
import type { Bytes } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import type { FanotifyEvent, InodeKey, NameInDirectory } from "../../sys/fanotify.js";
import { Fd } from "../../sys/files.js";
import {
  addWatch,
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_EXCL_UNLINK,
  IN_MODIFY,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONLYDIR,
  type InotifyEvent,
  inotifyInit,
  readInotify,
} from "../../sys/inotify.js";
import type { Change, WatchEnvironment } from "./change.js";
import type { Directory } from "./directory-model.js";
import { type EntryStore, type NameIn, openWatchedDirectory } from "./scan.js";
import type { ChangeSource } from "./source.js";
import { WatchedTree } from "./watched-tree.js";

const MASK =
  IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_ATTRIB | IN_ONLYDIR | IN_EXCL_UNLINK;
/** The limit of one batch, so that it ends under any load. */
const MOST_READS = 16;
/** inotify does not report the process. */
const NOBODY = -1;

/**
 * Changes from inotify(7), which needs no privileges: one watch per directory. It reports no process. What happens in a new
 * directory before its watch exists is only visible in what remains.
 */
export class InotifySource implements ChangeSource, EntryStore, WatchEnvironment {
  readonly tree: WatchedTree;
  readonly #inotify = inotifyInit();
  readonly #buffer = Buffer.alloc(256 * 1024);
  #limitReported = false;
  /** Whether the last read left something. */
  #isBehind = false;
  #half: InotifyEvent | undefined;

  constructor(targets: readonly Bytes[]) {
    this.tree = new WatchedTree(targets, this);
    this.tree.begin();
  }

  get fds(): readonly Fd[] {
    return [this.#inotify];
  }

  read(): Change[] {
    this.#isBehind = true;
    for (let reads = 0; this.#isBehind && reads < MOST_READS; reads++) {
      const events = readInotify(this.#inotify, this.#buffer);
      for (const event of events) this.#apply(event);
      this.#isBehind = events.length > 0;
    }
    this.#flush();
    return this.tree.tracker.take();
  }

  untilNow(): () => boolean {
    return () => !this.#isBehind;
  }

  release(): void {}

  close(): void {
    this.#inotify.close();
  }

  enter(directory: Fd): string | undefined {
    try {
      return keyOfWatch(addWatch(this.#inotify, directory, MASK));
    } catch (error) {
      if (!failedWith(error, "ENOSPC")) return undefined;
      if (!this.#limitReported) {
        this.tree.notices.push(
          "there are more directories than one user may watch; raise fs.inotify.max_user_watches",
        );
      }
      this.#limitReported = true;
      return undefined;
    }
  }

  enterAt(path: Bytes): string | undefined {
    try {
      using directory = openWatchedDirectory(Fd.cwd, path);
      return this.enter(directory);
    } catch {
      return undefined;
    }
  }

  isAt(): boolean {
    return false;
  }

  locate(): undefined {
    return undefined;
  }

  explore(path: Bytes, into: Directory): readonly NameIn[] {
    try {
      using directory = openWatchedDirectory(Fd.cwd, path);
      if (this.enter(directory) !== into.key) return [];
      return this.tree.scan(directory, into);
    } catch {
      return [];
    }
  }

  mounted(point: Bytes): void {
    try {
      this.tree.mounted(point);
    } catch {
      // This user cannot read it.
    }
  }

  /** Its watches are gone with it. */
  unmounted(): void {}

  /** A rename comes as two events: the first waits for the second, or for any other event. */
  #apply(event: InotifyEvent): void {
    const half = this.#half;
    this.#half = undefined;
    const isOther = half?.cookie === event.cookie && (event.mask & IN_MOVED_TO) !== 0;
    if (half !== undefined && !isOther) this.tree.tracker.apply({ ...base(half), from: nameOf(half) });
    if ((event.mask & IN_MOVED_FROM) !== 0) this.#half = event;
    else if ((event.mask & IN_MOVED_TO) === 0) this.tree.tracker.apply({ ...base(event), at: nameOf(event) });
    else {
      const from = isOther && half !== undefined ? { from: nameOf(half) } : {};
      this.tree.tracker.apply({ ...base(event), ...from, to: nameOf(event) });
    }
  }

  #flush(): void {
    const half = this.#half;
    this.#half = undefined;
    if (half !== undefined) this.tree.tracker.apply({ ...base(half), from: nameOf(half) });
  }
}

const keyOfWatch = (watch: number): InodeKey => `watch ${watch}` as InodeKey;

// The bits that matter here are those of fanotify.
const base = ({ mask }: InotifyEvent): FanotifyEvent => ({ mask, pid: NOBODY, fd: -1 });
const nameOf = ({ watch, name }: InotifyEvent): NameInDirectory => ({ directory: keyOfWatch(watch), name });
