/** Turns changes of the file system into events. */
import { type Bytes, isBelow, join } from "../../base/bytes.js";
import type { InodeKind } from "../../base/events.js";
import {
  FAN_ATTRIB,
  FAN_CLOSE_WRITE,
  FAN_CREATE,
  FAN_DELETE,
  FAN_MODIFY,
  FAN_ONDIR,
  FAN_Q_OVERFLOW,
  type FanotifyEvent,
  type NameInDirectory,
} from "../../sys/fanotify.js";
import { Fd } from "../../sys/files.js";
import { statx } from "../../sys/inode.js";
import type { Change, WatchEnvironment } from "./change.js";
import type { Directory, DirectoryModel, WatchedEntry } from "./directory-model.js";
import { type NameIn, see } from "./scan.js";

/** A directory's mtime changes with each entry. It is read again after a pause. */
const SETTLE_MS = 10_000;
const CHANGED = FAN_CREATE | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB;
/** After these a program may set timestamps, as tar(1) does. No event reports that, so they are read again later. */
const SET_SOON = FAN_CREATE | FAN_CLOSE_WRITE;
const LOOK_AGAIN_MS = 1_000;

/** Turns events into changes at paths, and keeps the model up to date. */
export class Tracker {
  readonly #model: DirectoryModel;
  readonly #targets: readonly Bytes[];
  readonly #environment: WatchEnvironment;
  readonly #stale = new Map<string, NameIn>();
  #again: (NameIn & { readonly due: number })[] = [];
  readonly #settling = new Map<Directory, number>();
  /** A rename over an entry, held until it is clear that it is not half of an exchange. */
  #pendingRename: Held | undefined;
  /** Directories that one merged event created and removed: later events are about their contents. */
  readonly #pendingDeletes: (NameIn & { readonly event: FanotifyEvent })[] = [];
  #changes: Change[] = [];

  constructor(model: DirectoryModel, targets: readonly Bytes[], environment: WatchEnvironment) {
    this.#model = model;
    this.#targets = targets;
    this.#environment = environment;
  }

  apply(event: FanotifyEvent): void {
    if (this.#pendingRename !== undefined && !this.#isOtherHalf(event)) this.#release();
    if ((event.mask & FAN_Q_OVERFLOW) !== 0)
      this.#emit(event, { op: "lost", path: "/" as Bytes, ...lost(event) });
    else if (event.from !== undefined || event.to !== undefined) this.#rename(event);
    else if (event.at !== undefined) this.#change(event, event.at);
  }

  /** The changes since the last call. Call it at the end of each batch: it reads the state of what changed. */
  take(): Change[] {
    this.#release();
    this.#depart();
    this.#refresh();
    return this.#changes.splice(0);
  }

  #change(event: FanotifyEvent, at: NameInDirectory): void {
    const directory = this.#model.find(at.directory);
    if (directory === undefined) return;
    const { name } = at;
    if (name === ".") {
      this.#changedItself(directory);
      return;
    }
    const path = join(this.#model.pathOf(directory), name);
    if (!this.#concerns(path)) return;
    const created = (event.mask & FAN_CREATE) !== 0;
    const deleted = (event.mask & FAN_DELETE) !== 0;
    if (this.#pendingDeletes.some((gone) => gone.directory === directory && gone.name === name))
      this.#depart();
    if (created && deleted) this.#createdAndDeleted(event, directory, name, path);
    else if (created) this.#created(event, directory, name, path);
    else if (deleted) this.#deleted(event, directory, name, path);
    if (!deleted && (event.mask & CHANGED) !== 0) this.#markStale(directory, name);
    if (!deleted && (event.mask & SET_SOON) !== 0) this.#lookAgain(directory, name);
  }

  /** The kernel merges events of one inode in one directory: their order follows from what existed before and what exists now. */
  #createdAndDeleted(event: FanotifyEvent, directory: Directory, name: Bytes, path: Bytes): void {
    const isThere = event.target !== undefined && this.#environment.isAt(path, event.target);
    if (directory.entries.has(name)) this.#deleted(event, directory, name, path);
    else {
      this.#created(event, directory, name, path);
      if (!isThere && (event.mask & FAN_ONDIR) !== 0) {
        this.#pendingDeletes.push({ event, directory, name });
        return;
      }
      this.#deleted(event, directory, name, path);
    }
    if (!isThere) return;
    this.#created(event, directory, name, path);
    this.#markStale(directory, name);
  }

  #created(event: FanotifyEvent, directory: Directory, name: Bytes, path: Bytes): void {
    const isDirectory = (event.mask & FAN_ONDIR) !== 0;
    const kind: InodeKind = isDirectory ? "directory" : "file";
    this.#model.put(directory, name, kind, isDirectory ? this.#keyOf(event, path) : undefined);
    this.#scheduleRestat(directory);
    this.#emit(event, { op: "create", path, kind });
    const made = directory.entries.get(name)?.directory;
    const found = made === undefined ? [] : this.#environment.explore(path, made, "created");
    for (const each of found) {
      const kind = each.directory.entries.get(each.name)?.kind ?? "file";
      this.#emit(event, { op: "create", path: this.#path(each), kind });
    }
  }

  #depart(): void {
    for (const { event, directory, name } of this.#pendingDeletes.splice(0).reverse()) {
      this.#deleted(event, directory, name, this.#path({ directory, name }));
    }
  }

  #deleted(event: FanotifyEvent, directory: Directory, name: Bytes, path: Bytes): void {
    const entry = this.#model.remove(directory, name);
    this.#scheduleRestat(directory);
    const kind = entry?.kind ?? ((event.mask & FAN_ONDIR) !== 0 ? "directory" : "file");
    this.#emit(event, { op: "delete", path, kind, ...victim(entry) });
  }

  #rename(event: FanotifyEvent): void {
    const from = this.#known(event.from);
    const to = this.#known(event.to);
    if (from !== undefined && to !== undefined) this.#renamed(event, from, to);
    else if (from !== undefined) this.#movedOut(event, from);
    else if (to !== undefined) this.#movedIn(event, to);
  }

  #renamed(event: FanotifyEvent, from: NameIn, to: NameIn): void {
    if (this.#pendingRename !== undefined) this.#exchange(this.#pendingRename);
    else if (isThereAlready(event, to)) this.#wasMoved(event, from, to);
    else if (to.directory.entries.has(to.name)) this.#pendingRename = { event, from, to };
    else this.#move(event, from, to);
  }

  #move(event: FanotifyEvent, from: NameIn, to: NameIn): void {
    const [oldPath, newPath] = [this.#path(from), this.#path(to)];
    const moved = from.directory.entries.get(from.name);
    const replaced = this.#model.move(from.directory, from.name, to.directory, to.name);
    for (const place of [from, to]) this.#scheduleRestat(place.directory);
    this.#markStale(to.directory, to.name);
    const kind = moved?.kind ?? (event.mask & FAN_ONDIR ? "directory" : "file");
    if (replaced === undefined) this.#emit(event, { op: "rename", path: oldPath, to: newPath, kind });
    else this.#emit(event, { op: "replace", path: newPath, from: oldPath, kind, ...victim(replaced) });
  }

  /** A scan has seen the directory at its new place before the event of its rename was read. */
  #wasMoved(event: FanotifyEvent, from: NameIn, to: NameIn): void {
    from.directory.entries.delete(from.name);
    this.#emit(event, { op: "rename", path: this.#path(from), to: this.#path(to), kind: "directory" });
  }

  #exchange({ event, from, to }: Held): void {
    this.#pendingRename = undefined;
    const kind = to.directory.entries.get(to.name)?.kind ?? "file";
    this.#model.exchange(from.directory, from.name, to.directory, to.name);
    this.#emit(event, { op: "exchange", path: this.#path(to), to: this.#path(from), kind });
  }

  #movedOut(event: FanotifyEvent, from: NameIn): void {
    const path = this.#path(from);
    const entry = this.#model.remove(from.directory, from.name);
    this.#scheduleRestat(from.directory);
    const above = event.to === undefined ? undefined : this.#environment.locate(event.to.directory);
    const to = above === undefined || event.to === undefined ? undefined : join(above, event.to.name);
    const kind = entry?.kind ?? "file";
    this.#emit(event, { op: "rename", path, kind, ...(to !== undefined && { to }), ...victim(entry) });
  }

  #movedIn(event: FanotifyEvent, to: NameIn): void {
    const path = this.#path(to);
    const isDirectory = (event.mask & FAN_ONDIR) !== 0;
    const kind = isDirectory ? "directory" : "file";
    const replaced = this.#model.put(
      to.directory,
      to.name,
      kind,
      isDirectory ? this.#keyOf(event, path) : undefined,
    );
    const above = event.from === undefined ? undefined : this.#environment.locate(event.from.directory);
    const from = above === undefined || event.from === undefined ? undefined : join(above, event.from.name);
    const op = replaced === undefined ? "create" : "replace";
    this.#emit(event, { op, path, kind, ...(from !== undefined && { from }), ...victim(replaced) });
    this.#markStale(to.directory, to.name);
    const made = to.directory.entries.get(to.name)?.directory;
    if (made !== undefined) this.#environment.explore(path, made, "moved");
  }

  /** RENAME_EXCHANGE is reported as two renames in a row: the second one goes the opposite way. */
  #isOtherHalf(event: FanotifyEvent): boolean {
    const first = this.#pendingRename?.event;
    return sameName(first?.from, event.to) && sameName(first?.to, event.from) && first?.pid === event.pid;
  }

  #release(): void {
    const pendingRename = this.#pendingRename;
    this.#pendingRename = undefined;
    if (pendingRename !== undefined) this.#move(pendingRename.event, pendingRename.from, pendingRename.to);
  }

  #known(at: NameInDirectory | undefined): NameIn | undefined {
    const directory = at === undefined ? undefined : this.#model.find(at.directory);
    if (directory === undefined || at === undefined) return undefined;
    const place = { directory, name: at.name };
    return this.#concerns(this.#path(place)) ? place : undefined;
  }

  /** Whether a path is below a target, or above one. */
  #concerns(path: Bytes): boolean {
    return this.#targets.some((target) => isBelow(path, target) || isBelow(target, path));
  }

  #path({ directory, name }: NameIn): Bytes {
    return join(this.#model.pathOf(directory), name);
  }

  #keyOf(event: FanotifyEvent, path: Bytes): string | undefined {
    return event.target ?? this.#environment.enterAt(path);
  }

  #changedItself(directory: Directory): void {
    if (directory.parent !== undefined) this.#markStale(directory.parent, directory.name);
  }

  #markStale(directory: Directory, name: Bytes): void {
    this.#stale.set(`${directory.key}/${name}`, { directory, name });
  }

  #lookAgain(directory: Directory, name: Bytes): void {
    this.#again.push({ directory, name, due: performance.now() + LOOK_AGAIN_MS });
  }

  #scheduleRestat(directory: Directory): void {
    // Inserted again, so that the map stays in the order in which they are due.
    this.#settling.delete(directory);
    this.#settling.set(directory, performance.now() + SETTLE_MS);
  }

  #refresh(): void {
    const now = performance.now();
    for (const [directory, due] of this.#settling) {
      if (due > now) break;
      this.#settling.delete(directory);
      if (directory.goneAt === undefined) this.#changedItself(directory);
    }
    const notYet = this.#again.findIndex(({ due }) => due > now);
    for (const { directory, name } of this.#again.splice(0, notYet < 0 ? this.#again.length : notYet)) {
      this.#markStale(directory, name);
    }
    for (const { directory, name } of this.#stale.values()) {
      const entry = directory.entries.get(name);
      if (entry !== undefined) evaluation(entry, this.#path({ directory, name }));
    }
    this.#stale.clear();
    this.#model.sweep(now);
  }

  #emit(event: FanotifyEvent, change: Omit<Change, "pid" | "pidfd">): void {
    this.#changes.push({ ...change, ...who(event) });
  }
}

/** A rename over an entry. */
interface Held {
  readonly event: FanotifyEvent;
  readonly from: NameIn;
  readonly to: NameIn;
}

function isThereAlready({ target }: FanotifyEvent, { directory, name }: NameIn): boolean {
  return target !== undefined && directory.entries.get(name)?.directory?.key === target;
}

const lost = ({ lost: count }: FanotifyEvent) => (count === undefined ? {} : { count });

function evaluation(entry: WatchedEntry, path: Bytes): void {
  try {
    see(entry, statx(Fd.cwd, path));
  } catch {
    // It is gone again: its earlier state remains the last known one.
  }
}

function who(event: FanotifyEvent): { pid: number; pidfd?: number } {
  return { pid: event.pid, ...(event.pidfd !== undefined && { pidfd: event.pidfd }) };
}

function victim(entry: WatchedEntry | undefined): { victim?: NonNullable<WatchedEntry["seen"]> } {
  return entry?.seen === undefined ? {} : { victim: entry.seen };
}

function sameName(a: NameInDirectory | undefined, b: NameInDirectory | undefined): boolean {
  return a !== undefined && a.directory === b?.directory && a.name === b.name;
}
