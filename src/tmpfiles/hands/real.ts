import type { Bytes } from "../../base/bytes.js";
import { failedWith, SyscallError } from "../../base/errors.js";
import type { Event, InodeKind, Reporter } from "../../base/events.js";
import { openInside, removeTree } from "../../path/tree.js";
import {
  makeUnderTemporaryName,
  makeUnnamed,
  temporaryName,
  type Whole,
  type WholeMaking,
} from "../../path/whole.js";
import { entries } from "../../sys/directory.js";
import { AT_REMOVEDIR, type Fd, O_NOFOLLOW, O_PATH, openat, renameat2, unlinkat } from "../../sys/files.js";
import { isDirectory, S_IFMT, type Stat } from "../../sys/inode.js";
import { randomHex } from "../../sys/random.js";
import { withCreationLabel } from "../../sys/selinux.js";
import { withUmask } from "../../sys/write.js";
import type { Item } from "../item.js";
import { clearedEvent, createdEvent } from "./events.js";
import type { Change, Creation, Hands, Made, Place } from "./hands.js";
import { typeOf } from "./kind.js";
import {
  findObstacle,
  look,
  makeMissing,
  nameOf,
  openParentOf,
  reachParent,
  refuseMountPoint,
  requireGone,
} from "./parents.js";

/** As an ordinary user it removes no directories of others that stand in the way, not even where it could. */
const AS_262 = { onlyOwn: true } as const;

/** A place whose directory is there: these hands know no other. */
interface RealPlace extends Place {
  readonly dir: Fd;
}

/** The hands that change the disk. */
export function realHands(root: Bytes, reporter: Reporter): Hands {
  return new RealHands(root, reporter);
}

class RealHands implements Hands {
  readonly acts = true;
  readonly #root: Bytes;
  readonly #reporter: Reporter;
  #held: Event[] | undefined;

  constructor(root: Bytes, reporter: Reporter) {
    this.#root = root;
    this.#reporter = reporter;
  }

  openParent(item: Item, path: Bytes, parents: "make" | "must-exist"): RealPlace & Disposable {
    const dir = parents === "make" ? this.#makeParent(item, path) : openParentOf(this.#root, path);
    return { dir, name: nameOf(path), path, [Symbol.dispose]: () => dir.close() };
  }

  #makeParent(item: Item, path: Bytes): Fd {
    if (item.modifiers.replaceWrongType) this.#clearWay(item, path);
    const { fd, missing } = reachParent(this.#root, path);
    const made = (at: Bytes): void => {
      const created = { path: at, kind: "directory", implicit: true } as const;
      this.#reporter.report(createdEvent(item, created, "new", true));
    };
    const make = (at: Bytes, act: () => void): void => this.#making(at, "directory", act);
    return makeMissing(path, fd, missing, { keepSetGid: item.modifiers.replaceWrongType, make, made });
  }

  /** Removes what is neither a directory nor a symlink to one from the way to `path`. */
  #clearWay(item: Item, path: Bytes): void {
    const obstacle = findObstacle(this.#root, path);
    if (obstacle === undefined) return;
    using dir = obstacle.dir;
    const stat = look(dir, obstacle.name);
    if (stat !== undefined) this.#clear(item, obstacle, stat);
  }

  removeWrongType(item: Item, place: RealPlace, type: number): void {
    const stat = look(place.dir, place.name);
    if (stat !== undefined && (stat.mode & S_IFMT) !== type) this.#clear(item, place, stat);
  }

  #clear(item: Item, place: RealPlace, stat: Stat): void {
    refuseMountPoint(place.path, stat);
    if (isDirectory(stat)) removeInside(place);
    unlinkat(place.dir, place.name, isDirectory(stat) ? AT_REMOVEDIR : 0);
    this.#reporter.report(clearedEvent(item, place.path, stat, true));
  }

  open(place: RealPlace, flags: number): Fd | undefined {
    try {
      return openat(place.dir, place.name, flags);
    } catch (error) {
      if (failedWith(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** With the label that the policy has for it, and the mode that it is asked to have. Another root has its own policy. */
  #making<Result>(path: Bytes, kind: InodeKind, make: () => Result): Result {
    const unmasked = (): Result => withUmask(0, make);
    return this.#root === "/" ? withCreationLabel(() => path, typeOf(kind), unmasked) : unmasked();
  }

  /** Nothing appears before it is complete, if that is possible here. */
  make(item: Item, place: RealPlace, creation: Creation): Made | undefined {
    const { adjust, fill } = creation;
    if (adjust === undefined) return this.#makePlainly(item, place, creation);
    // What is changed before the inode has its name is reported after the inode itself.
    this.#held = [];
    const whole = this.#makeWhole(place, { ...creation, adjust });
    const held = this.#held ?? [];
    this.#held = undefined;
    if (whole === undefined) {
      const made = this.#makePlainly(item, place, creation);
      if (made?.existing === false) completing(made.fd, { fill, adjust });
      return made;
    }
    this.#reportCreated(item, place, creation);
    for (const event of held) this.#reporter.report(event);
    if (whole.failure === undefined) return { fd: whole.fd, existing: false };
    whole.fd.close();
    throw whole.failure;
  }

  /** undefined if something is there already, or if it has to be made in the plain way. */
  #makeWhole(
    place: RealPlace,
    creation: Creation & { readonly adjust: (fd: Fd) => void },
  ): Whole | undefined {
    const { dir, name } = place;
    const { fileMode, kind } = creation;
    try {
      if (!isMissing(dir, name)) return undefined;
      const make = (into: Fd, as: Bytes): Fd | undefined =>
        this.#making(place.path, kind, () => creation.make(into, as));
      const unnamed =
        fileMode === undefined
          ? undefined
          : this.#making(place.path, kind, () => makeUnnamed(dir, name, fileMode, creation));
      if (unnamed !== undefined) return unnamed;
      this.#held = [];
      return makeUnderTemporaryName(dir, name, make, creation);
    } catch (error) {
      this.#held = undefined;
      if (failedWith(error, "EEXIST")) return undefined;
      throw error;
    }
  }

  #reportCreated(item: Item, place: RealPlace, creation: Creation): void {
    const created = { kind: creation.kind, target: creation.target, path: place.path };
    this.#reporter.report(createdEvent(item, created, creation.outcome ?? "new", true));
  }

  #makePlainly(item: Item, place: RealPlace, creation: Creation): Made | undefined {
    try {
      const held = this.#making(place.path, creation.kind, () => creation.make(place.dir, place.name));
      const fd = held ?? openat(place.dir, place.name, O_PATH | O_NOFOLLOW);
      this.#reportCreated(item, place, creation);
      return { fd, existing: false };
    } catch (error) {
      if (!(error instanceof SyscallError) || creation.tolerated?.includes(error.code) === false) throw error;
      const fd = this.open(place, O_PATH | O_NOFOLLOW);
      if (fd === undefined) throw error;
      return { fd, existing: true };
    }
  }

  replace(item: Item, place: RealPlace, creation: Creation): Made | undefined {
    try {
      this.#making(place.path, creation.kind, () => replaceAtOnce(place, creation));
    } catch (error) {
      if (!failedWith(error, "EISDIR", "EEXIST", "ENOTEMPTY")) throw error;
      requireGone(place.path, removeTree(place.dir, place.name, AS_262).left);
      this.#making(place.path, creation.kind, () => creation.make(place.dir, place.name))?.close();
    }
    const fd = openat(place.dir, place.name, O_PATH | O_NOFOLLOW);
    this.#reporter.report(createdEvent(item, { ...creation, path: place.path }, "replaced", true));
    return { fd, existing: false };
  }

  found(item: Item, place: Place, kind: InodeKind, target?: Bytes): void {
    this.#reporter.report(createdEvent(item, { path: place.path, kind, target }, "existing", true));
  }

  change(item: Item, path: Bytes, what: Change, value: string, act: () => void): void {
    act();
    const event = { type: "changed", path, what, value, done: true, source: item.source } as const;
    if (this.#held === undefined) this.#reporter.report(event);
    else this.#held.push(event);
  }
}

/** Surely: what can't be looked at is for the call that makes it to fail at. */
function isMissing(dir: Fd, name: Bytes): boolean {
  try {
    return look(dir, name) === undefined;
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}

function completing(fd: Fd, { fill, adjust }: WholeMaking): void {
  try {
    fill?.(fd);
    adjust(fd);
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** Empties a directory, also where it must itself stay in the end. */
function removeInside(place: RealPlace): void {
  using inside = openInside(place.dir, place.name);
  const names = [...entries(inside)].map(({ name }) => name);
  requireGone(
    place.path,
    names.flatMap((name) => removeTree(inside, name, AS_262).left),
  );
}

/** Makes it under another name and renames it over what is there; where rename(2) refuses, nothing has changed. */
function replaceAtOnce(place: RealPlace, creation: Creation): void {
  const temporary = temporaryName(place.dir, place.name) ?? (`.mayfly-${randomHex(12)}` as Bytes);
  creation.make(place.dir, temporary)?.close();
  try {
    renameat2(place.dir, temporary, place.dir, place.name);
  } catch (error) {
    unlinkat(place.dir, temporary);
    throw error;
  }
}
