import { type Bytes, join } from "../../base/bytes.js";
import type { InodeKind } from "../../base/events.js";
import type { Victim } from "./event.js";

/** An entry of a directory, with what was last seen of it. */
export interface Entry {
  readonly kind: InodeKind;
  /** Undefined until it was looked at. */
  seen: Victim | undefined;
  /** With `seen`: a name may stand for another inode by the time of the next look. */
  inode: bigint | undefined;
  readonly directory: Directory | undefined;
}

/** A directory, found by the key that events name it with. */
export interface Directory {
  readonly key: string;
  parent: Directory | undefined;
  /** The name in its parent; of a directory without one, the whole path. */
  name: Bytes;
  readonly entries: Map<Bytes, Entry>;
  /** When it was removed, in milliseconds of the process's clock. */
  goneAt: number | undefined;
}

/** Events of a directory may be read after its own removal was. */
const TOMBSTONE_MS = 5_000;

/**
 * Where each watched directory is, without asking the file system: by the time that an event is read, the directory
 * that it tells of may be gone, and its handle stale. Removed ones stay for a while, since events come late.
 */
export class Model {
  readonly #directories = new Map<string, Directory>();
  #tombstones: Directory[] = [];

  /** How many directories are known. */
  get size(): number {
    return this.#directories.size;
  }

  find(key: string): Directory | undefined {
    return this.#directories.get(key);
  }

  /** A directory that has no known parent: `path` is the whole of its path. */
  addRoot(key: string, path: Bytes): Directory {
    const known = this.#directories.get(key);
    if (known !== undefined && known.goneAt === undefined) return known;
    return this.#add({ key, parent: undefined, name: path, entries: new Map(), goneAt: undefined });
  }

  /** An entry that is there now; what was known under the name before is returned. */
  put(parent: Directory, name: Bytes, kind: InodeKind, key?: string): Entry | undefined {
    const before = parent.entries.get(name);
    const directory = key === undefined ? undefined : this.#directoryAt(parent, name, key);
    if (before?.directory !== undefined && before.directory !== directory) this.#bury(before.directory);
    parent.entries.set(name, { kind, seen: undefined, inode: undefined, directory });
    return before;
  }

  /** Takes an entry away: its directory becomes a tombstone. */
  remove(parent: Directory, name: Bytes): Entry | undefined {
    const entry = parent.entries.get(name);
    parent.entries.delete(name);
    if (entry?.directory !== undefined) this.#bury(entry.directory);
    return entry;
  }

  /** The whole subtree at the new place; returns what it replaced there. */
  move(from: Directory, oldName: Bytes, to: Directory, newName: Bytes): Entry | undefined {
    const moved = from.entries.get(oldName);
    const replaced = to.entries.get(newName);
    from.entries.delete(oldName);
    if (replaced?.directory !== undefined) this.#bury(replaced.directory);
    if (moved !== undefined) this.place(to, newName, moved);
    return replaced;
  }

  place(parent: Directory, name: Bytes, entry: Entry): void {
    parent.entries.set(name, entry);
    if (entry.directory === undefined) return;
    entry.directory.parent = parent;
    entry.directory.name = name;
  }

  /** Forgets a directory and all below it. */
  forget(directory: Directory): void {
    const doomed = [directory];
    for (let each = doomed.pop(); each !== undefined; each = doomed.pop()) {
      if (this.#directories.get(each.key) === each) this.#directories.delete(each.key);
      for (const entry of each.entries.values())
        if (entry.directory !== undefined) doomed.push(entry.directory);
    }
  }

  pathOf(directory: Directory): Bytes {
    const names: Bytes[] = [];
    let top = directory;
    for (; top.parent !== undefined; top = top.parent) names.push(top.name);
    return names.reduceRight(join, top.name);
  }

  /** Forgets the tombstones that are old enough. */
  sweep(now: number): void {
    if (this.#tombstones.length === 0) return;
    const old = this.#tombstones.filter((directory) => now - (directory.goneAt ?? now) > TOMBSTONE_MS);
    if (old.length === 0) return;
    for (const directory of old) this.forget(directory);
    this.#tombstones = this.#tombstones.filter((directory) => !old.includes(directory));
  }

  /** The directory of this key, moved here if it was known elsewhere. */
  #directoryAt(parent: Directory, name: Bytes, key: string): Directory {
    const known = this.#directories.get(key);
    if (known === undefined || known.goneAt !== undefined) {
      return this.#add({ key, parent, name, entries: new Map(), goneAt: undefined });
    }
    known.parent = parent;
    known.name = name;
    return known;
  }

  #add(directory: Directory): Directory {
    this.#directories.set(directory.key, directory);
    return directory;
  }

  #bury(directory: Directory): void {
    if (directory.goneAt !== undefined) return;
    directory.goneAt = performance.now();
    this.#tombstones.push(directory);
  }
}
