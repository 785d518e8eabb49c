import { type Bytes, components, join, parent } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import type { InodeKind, Reporter } from "../../base/events.js";
import { type Fd, O_NOFOLLOW, O_PATH, openat } from "../../sys/files.js";
import { S_IFMT } from "../../sys/inode.js";
import type { Item } from "../item.js";
import { clearedEvent, createdEvent } from "./events.js";
import type { Change, Creation, Hands, Made, Place } from "./hands.js";
import { findObstacle, look, nameOf, openParentOf, reachParent, refuseMountPoint } from "./parents.js";

/** The hands that only say what they would do. */
export function dryHands(root: Bytes, reporter: Reporter): Hands {
  return new DryHands(root, reporter);
}

class DryHands implements Hands {
  readonly acts = false;
  readonly #root: Bytes;
  readonly #reporter: Reporter;
  /** What earlier items would have made by now, so that nothing is announced twice. */
  readonly #imagined = new Set<Bytes>();
  /** What earlier steps would have removed. */
  readonly #cleared = new Set<Bytes>();

  constructor(root: Bytes, reporter: Reporter) {
    this.#root = root;
    this.#reporter = reporter;
  }

  openParent(item: Item, path: Bytes, parents: "make" | "must-exist"): Place & Disposable {
    const dir = parents === "make" ? this.#imagineParent(item, path) : openParentOf(this.#root, path);
    return { dir, name: nameOf(path), path, [Symbol.dispose]: () => dir?.close() };
  }

  #imagineParent(item: Item, path: Bytes): Fd | undefined {
    if (item.modifiers.replaceWrongType && this.#wouldClearWay(item, path)) return undefined;
    const { fd, missing } = reachParent(this.#root, path);
    this.#imagineBelow(item, fd.path, missing);
    if (missing.length === 0) return fd;
    fd.close();
    return undefined;
  }

  #imagineBelow(item: Item, directory: Bytes, missing: readonly Bytes[]): void {
    let at = directory;
    for (const name of missing) {
      at = join(at, name);
      if (!this.#imagined.has(at)) {
        this.#imagine(item, { path: at, kind: "directory", implicit: true }, "new");
      }
    }
  }

  #wouldClearWay(item: Item, path: Bytes): boolean {
    const obstacle = findObstacle(this.#root, path);
    if (obstacle === undefined) return false;
    using dir = obstacle.dir;
    this.#wouldClear(item, { ...obstacle, dir });
    const above = parent(obstacle.path);
    this.#imagineBelow(item, above, components(parent(path).slice(above.length) as Bytes));
    return true;
  }

  removeWrongType(item: Item, place: Place, type: number): void {
    if (place.dir === undefined) return;
    const stat = look(place.dir, place.name);
    if (stat !== undefined && (stat.mode & S_IFMT) !== type) this.#wouldClear(item, place);
  }

  #wouldClear(item: Item, { dir, name, path }: Place): void {
    if (dir === undefined || this.#cleared.has(path)) return;
    const stat = look(dir, name);
    if (stat === undefined) return;
    refuseMountPoint(path, stat);
    this.#cleared.add(path);
    this.#reporter.report(clearedEvent(item, path, stat, false));
  }

  open(place: Place, flags: number): Fd | undefined {
    if (place.dir === undefined || this.#cleared.has(place.path)) return undefined;
    try {
      return openat(place.dir, place.name, O_PATH | (flags & O_NOFOLLOW));
    } catch (error) {
      if (failedWith(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  make(item: Item, place: Place, creation: Creation): Made | undefined {
    const fd = this.open(place, O_NOFOLLOW);
    if (fd !== undefined) {
      const adds = creation.addsTo?.(fd) ?? false;
      if (adds) this.#imagine(item, { ...creation, path: place.path }, creation.outcome ?? "new");
      return { fd, existing: !adds };
    }
    const outcome = this.#imagined.has(place.path) ? "existing" : (creation.outcome ?? "new");
    this.#imagine(item, { ...creation, path: place.path }, outcome);
    return undefined;
  }

  replace(item: Item, place: Place, creation: Creation): Made | undefined {
    this.#imagine(item, { ...creation, path: place.path }, "replaced");
    return undefined;
  }

  found(item: Item, place: Place, kind: InodeKind, target?: Bytes): void {
    this.#imagine(item, { path: place.path, kind, target }, "existing");
  }

  #imagine(
    item: Item,
    created: Parameters<typeof createdEvent>[1],
    outcome: Parameters<typeof createdEvent>[2],
  ): void {
    this.#imagined.add(created.path);
    this.#reporter.report(createdEvent(item, created, outcome, false));
  }

  change(item: Item, path: Bytes, what: Change, value: string): void {
    this.#reporter.report({ type: "changed", path, what, value, done: false, source: item.source });
  }
}
