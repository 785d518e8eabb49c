import { type Bytes, show } from "../../base/bytes.js";
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
import { type Directory, Model } from "./model.js";
import { type Keeper, type NameIn, openDirectory, scan } from "./scan.js";
import type { ChangeSource } from "./source.js";
import { addTarget } from "./targets.js";
import { type Change, type Surroundings, Tracker } from "./tracker.js";

const MASK =
  IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_ATTRIB | IN_ONLYDIR | IN_EXCL_UNLINK;
/** inotify says nothing of who did it. */
const NOBODY = -1;

/**
 * Changes by inotify(7), which needs no privilege: a watch on each directory. It names no process, and what happens in a
 * new directory before that has its watch is only seen by what is left of it.
 */
export class InotifySource implements ChangeSource, Keeper, Surroundings {
  readonly notices: string[] = [];
  readonly #inotify = inotifyInit();
  readonly #model = new Model();
  readonly #tracker: Tracker;
  readonly #buffer = Buffer.alloc(256 * 1024);
  #limitTold = false;
  #half: InotifyEvent | undefined;

  constructor(targets: readonly Bytes[]) {
    this.#tracker = new Tracker(this.#model, targets, this);
    for (const target of targets) this.#note(addTarget(this.#model, this, target).closed);
  }

  get fds(): readonly Fd[] {
    return [this.#inotify];
  }

  get directories(): number {
    return this.#model.size;
  }

  read(): Change[] {
    for (;;) {
      const events = readInotify(this.#inotify, this.#buffer);
      for (const event of events) this.#apply(event);
      if (events.length === 0) break;
    }
    this.#flush();
    return this.#tracker.take();
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
      if (!this.#limitTold) {
        this.notices.push("more directories than one user may watch: raise fs.inotify.max_user_watches");
      }
      this.#limitTold = true;
      return undefined;
    }
  }

  enterAt(path: Bytes): string | undefined {
    try {
      using directory = openDirectory(Fd.cwd, path);
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
    return this.#scan(path, into);
  }

  mounted(point: Bytes): void {
    try {
      using directory = openDirectory(Fd.cwd, point);
      const key = this.enter(directory);
      if (key !== undefined) this.#scan(point, this.#model.addRoot(key, point));
    } catch {
      // Not ours to look at.
    }
  }

  /** Its watches went with it. */
  unmounted(): void {}

  /** A rename comes in two halves; the first waits for its other one until something else comes. */
  #apply(event: InotifyEvent): void {
    const half = this.#half;
    this.#half = undefined;
    const isOther = half?.cookie === event.cookie && (event.mask & IN_MOVED_TO) !== 0;
    if (half !== undefined && !isOther) this.#tracker.apply({ ...base(half), from: nameOf(half) });
    if ((event.mask & IN_MOVED_FROM) !== 0) this.#half = event;
    else if ((event.mask & IN_MOVED_TO) === 0) this.#tracker.apply({ ...base(event), at: nameOf(event) });
    else {
      const from = isOther && half !== undefined ? { from: nameOf(half) } : {};
      this.#tracker.apply({ ...base(event), ...from, to: nameOf(event) });
    }
  }

  #flush(): void {
    const half = this.#half;
    this.#half = undefined;
    if (half !== undefined) this.#tracker.apply({ ...base(half), from: nameOf(half) });
  }

  #scan(path: Bytes, into: Directory): readonly NameIn[] {
    try {
      using directory = openDirectory(Fd.cwd, path);
      const { added, closed } = scan(this.#model, this, directory, into);
      this.#note(closed);
      return added;
    } catch {
      return [];
    }
  }

  #note(closed: readonly Bytes[]): void {
    for (const path of closed) this.notices.push(`${show(path)} can't be watched`);
  }
}

const keyOfWatch = (watch: number): InodeKey => `watch ${watch}` as InodeKey;

// The bits that matter here are those of fanotify.
const base = ({ mask }: InotifyEvent): FanotifyEvent => ({ mask, pid: NOBODY, fd: -1 });
const nameOf = ({ watch, name }: InotifyEvent): NameInDirectory => ({ directory: keyOfWatch(watch), name });
