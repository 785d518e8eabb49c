/** The effects of a dry run: they report what they would do. */
import { type Bytes, components, dirname, join } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import type { InodeKind, Reporter } from "../../base/events.js";
import { type Fd, O_NOFOLLOW, O_PATH, openat } from "../../sys/files.js";
import { S_IFMT } from "../../sys/inode.js";
import type { Cause } from "./cause.js";
import type { AttributeChange, CreateRequest, CreateResult, Effects, EntryLocation } from "./effects.js";
import { clearedEvent, createdEvent } from "./events.js";
import { findObstacle, look, nameOf, openParentOf, refuseMountPoint, resolveParent } from "./parents.js";

/** The effects that only report what they would do. */
export function dryRunEffects(root: Bytes, reporter: Reporter): Effects {
  return new DryRunEffects(root, reporter);
}

class DryRunEffects implements Effects {
  readonly acts = false;
  readonly #root: Bytes;
  readonly #reporter: Reporter;
  /** Paths that earlier items would have created, so that none is reported twice. */
  readonly #hypothetical = new Set<Bytes>();
  /** Paths that earlier steps would have removed. */
  readonly #cleared = new Set<Bytes>();

  constructor(root: Bytes, reporter: Reporter) {
    this.#root = root;
    this.#reporter = reporter;
  }

  openParent(cause: Cause, path: Bytes, parents: "make" | "must-exist"): EntryLocation & Disposable {
    const dir = parents === "make" ? this.#announceParent(cause, path) : openParentOf(this.#root, path);
    return { dir, name: nameOf(path), path, [Symbol.dispose]: () => dir?.close() };
  }

  #announceParent(cause: Cause, path: Bytes): Fd | undefined {
    if (cause.modifiers.replaceWrongType && this.#wouldClearWay(cause, path)) return undefined;
    const { fd, missing } = resolveParent(this.#root, path);
    this.#announceBelow(cause, fd.path, missing);
    if (missing.length === 0) return fd;
    fd.close();
    return undefined;
  }

  #announceBelow(cause: Cause, directory: Bytes, missing: readonly Bytes[]): void {
    let at = directory;
    for (const name of missing) {
      at = join(at, name);
      if (!this.#hypothetical.has(at)) {
        this.#announce(cause, { path: at, kind: "directory", implicit: true }, "new");
      }
    }
  }

  #wouldClearWay(cause: Cause, path: Bytes): boolean {
    const obstacle = findObstacle(this.#root, path);
    if (obstacle === undefined) return false;
    using dir = obstacle.dir;
    this.#wouldClear(cause, { ...obstacle, dir });
    const above = dirname(obstacle.path);
    this.#announceBelow(cause, above, components(dirname(path).slice(above.length) as Bytes));
    return true;
  }

  removeWrongType(cause: Cause, location: EntryLocation, type: number): void {
    if (location.dir === undefined) return;
    const stat = look(location.dir, location.name);
    if (stat !== undefined && (stat.mode & S_IFMT) !== type) this.#wouldClear(cause, location);
  }

  #wouldClear(cause: Cause, { dir, name, path }: EntryLocation): void {
    if (dir === undefined || this.#cleared.has(path)) return;
    const stat = look(dir, name);
    if (stat === undefined) return;
    refuseMountPoint(path, stat);
    this.#cleared.add(path);
    this.#reporter.report(clearedEvent(cause, path, stat, false));
  }

  open(location: EntryLocation, flags: number): Fd | undefined {
    if (location.dir === undefined || this.#cleared.has(location.path)) return undefined;
    try {
      return openat(location.dir, location.name, O_PATH | (flags & O_NOFOLLOW));
    } catch (error) {
      if (failedWith(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  make(cause: Cause, location: EntryLocation, request: CreateRequest): CreateResult | undefined {
    const fd = this.open(location, O_NOFOLLOW);
    if (fd !== undefined) {
      const adds = request.addsTo?.(fd) ?? false;
      if (adds) this.#announce(cause, { ...request, path: location.path }, request.outcome ?? "new");
      return { fd, existing: !adds };
    }
    const outcome = this.#hypothetical.has(location.path) ? "existing" : (request.outcome ?? "new");
    this.#announce(cause, { ...request, path: location.path }, outcome);
    return undefined;
  }

  replace(cause: Cause, location: EntryLocation, request: CreateRequest): CreateResult | undefined {
    this.#announce(cause, { ...request, path: location.path }, "replaced");
    return undefined;
  }

  found(cause: Cause, location: EntryLocation, kind: InodeKind, target?: Bytes): void {
    this.#announce(cause, { path: location.path, kind, target }, "existing");
  }

  #announce(
    cause: Cause,
    created: Parameters<typeof createdEvent>[1],
    outcome: Parameters<typeof createdEvent>[2],
  ): void {
    this.#hypothetical.add(created.path);
    this.#reporter.report(createdEvent(cause, created, outcome, false));
  }

  change(cause: Cause, path: Bytes, what: AttributeChange, value: string): void {
    this.#reporter.report({ type: "changed", path, what, value, done: false, source: cause.source });
  }
}
