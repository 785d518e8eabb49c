/** The path of each watched directory, according to the events. */
import { type Bytes, join } from "../../base/bytes.js";
import type { InodeKind } from "../../base/events.js";
import type { Victim } from "../events.js";

/** An entry of a directory, with its last known state. */
export interface WatchedEntry {
  readonly kind: InodeKind;
  /** Undefined until it is read. */
  seen: Victim | undefined;
  /** Set with `seen`, because the name may refer to another inode later. */
  inode: bigint | undefined;
  readonly directory: Directory | undefined;
}

/** A directory, by the key that events contain. */
export interface Directory {
  readonly key: string;
  parent: Directory | undefined;
  /** The name in its parent; the whole path for a directory without a parent. */
  name: Bytes;
  readonly entries: Map<Bytes, WatchedEntry>;
  /** When it was removed, in milliseconds of the process's clock. */
  goneAt: number | undefined;
}

/** Events of a directory may be read after its removal. */
const TOMBSTONE_MS = 5_000;
/** System calls accept no longer paths. Longer ones are cut, so that depth costs no memory. */
const LONGEST_PATH = 16 * 1024;

/**
 * Knows where each watched directory is without asking the file system: when an event is read, its directory may already be
 * gone. Removed directories are kept for a while, because events arrive late.
 *
 * Events can be lost, merged, or older than what a scan has seen, so any sequence of calls must work. The
 * directories always form a forest: a link that would close a cycle is not made.
 */
export class DirectoryModel {
  readonly #directories = new Map<string, Directory>();
  /** In the order of their removal. */
  #tombstones: Directory[] = [];

  /** The number of directories. */
  get size(): number {
    return this.#directories.size;
  }

  find(key: string): Directory | undefined {
    return this.#directories.get(key);
  }

  /** The directory of this key, unless it was removed. */
  living(key: string): Directory | undefined {
    const known = this.#directories.get(key);
    return known?.goneAt === undefined ? known : undefined;
  }

  /** A directory without a known parent: `path` is its whole path. */
  addRoot(key: string, path: Bytes): Directory {
    return this.living(key) ?? this.#add(key, path);
  }

  /** Adds an entry; returns the previous one of that name. */
  put(parent: Directory, name: Bytes, kind: InodeKind, key?: string): WatchedEntry | undefined {
    const before = parent.entries.get(name);
    if (before?.directory?.key !== key) this.#bury(before?.directory, parent, name);
    const known = key === undefined ? undefined : this.living(key);
    const directory = key === undefined ? undefined : (known ?? this.#add(key, name));
    this.place(parent, name, { kind, seen: undefined, inode: undefined, directory });
    return before;
  }

  /** Removes an entry: its directory becomes a tombstone. */
  remove(parent: Directory, name: Bytes): WatchedEntry | undefined {
    const entry = parent.entries.get(name);
    parent.entries.delete(name);
    this.#bury(entry?.directory, parent, name);
    return entry;
  }

  /** Moves the whole subtree; returns what it replaced. */
  move(from: Directory, oldName: Bytes, to: Directory, newName: Bytes): WatchedEntry | undefined {
    const moved = from.entries.get(oldName);
    const replaced = to.entries.get(newName);
    if (moved === replaced) return undefined;
    from.entries.delete(oldName);
    this.#bury(replaced?.directory, to, newName);
    to.entries.delete(newName);
    if (moved !== undefined) this.place(to, newName, moved);
    return replaced;
  }

  /** Exchanges two entries, of which one may be missing. */
  exchange(one: Directory, oneName: Bytes, other: Directory, otherName: Bytes): void {
    const [first, second] = [one.entries.get(oneName), other.entries.get(otherName)];
    one.entries.delete(oneName);
    other.entries.delete(otherName);
    if (first !== undefined) this.place(other, otherName, first);
    if (second !== undefined) this.place(one, oneName, second);
  }

  /** Puts the entry and its directory here, unless the directory would then be below itself. */
  place(parent: Directory, name: Bytes, entry: WatchedEntry): void {
    const { directory } = entry;
    if (directory !== undefined && isAtOrAbove(directory, parent)) {
      parent.entries.set(name, { ...entry, directory: undefined });
      return;
    }
    if (directory !== undefined) {
      const { parent: before, name: oldName } = directory;
      if (before?.entries.get(oldName)?.directory === directory) before.entries.delete(oldName);
      directory.parent = parent;
      directory.name = name;
    }
    parent.entries.set(name, entry);
  }

  /** Forgets a directory and all below it. */
  forget(directory: Directory): void {
    const doomed = [directory];
    for (let each = doomed.pop(); each !== undefined; each = doomed.pop()) {
      if (this.#directories.get(each.key) === each) this.#directories.delete(each.key);
      for (const entry of each.entries.values())
        if (entry.directory?.parent === each) doomed.push(entry.directory);
    }
  }

  /** Ends with `...` if it is longer than any usable path. */
  pathOf(directory: Directory): Bytes {
    const down = [directory];
    for (let top = directory.parent; top !== undefined; top = top.parent) down.push(top);
    let path: Bytes | undefined;
    for (let each = down.pop(); each !== undefined; each = down.pop()) {
      path = path === undefined ? each.name : join(path, each.name);
      if (path.length > LONGEST_PATH) return join(path, "..." as Bytes);
    }
    return path ?? directory.name;
  }

  /** Forgets the tombstones that are old enough. */
  sweep(now: number): void {
    const young = this.#tombstones.findIndex(({ goneAt = now }) => now - goneAt <= TOMBSTONE_MS);
    const old = this.#tombstones.splice(0, young < 0 ? this.#tombstones.length : young);
    for (const directory of old) this.forget(directory);
  }

  #add(key: string, name: Bytes): Directory {
    const directory = { key, parent: undefined, name, entries: new Map(), goneAt: undefined };
    this.#directories.set(key, directory);
    return directory;
  }

  /** Not if it is known to be elsewhere now. */
  #bury(directory: Directory | undefined, parent: Directory, name: Bytes): void {
    if (directory === undefined || directory.goneAt !== undefined) return;
    if (directory.parent !== parent || directory.name !== name) return;
    directory.goneAt = performance.now();
    this.#tombstones.push(directory);
  }
}

function isAtOrAbove(directory: Directory, below: Directory): boolean {
  for (let each: Directory | undefined = below; each !== undefined; each = each.parent)
    if (each === directory) return true;
  return false;
}
