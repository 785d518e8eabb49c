/** The real effects: they change the disk. */
import type { Bytes } from "../../base/bytes.js";
import { failedWith, SyscallError } from "../../base/errors.js";
import type { Event, InodeKind, Reporter } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import { openInside, removeTree } from "../../path/tree.js";
import {
  kernelTime,
  makeUnderTemporaryName,
  makeUnnamed,
  requireNew,
  type Whole,
  type WholeMaking,
} from "../../path/whole.js";
import { closeWorkplace, openWorkplace, removeEmptyRoom } from "../../path/workplace.js";
import { entries } from "../../sys/directory.js";
import {
  AT_REMOVEDIR,
  type Fd,
  O_NOFOLLOW,
  O_PATH,
  openat,
  renameat2,
  tryUnlinkat,
  unlinkat,
} from "../../sys/files.js";
import { isDirectory, S_IFMT, type Stat } from "../../sys/inode.js";
import { randomHex } from "../../sys/random.js";
import { withCreationLabel } from "../../sys/selinux.js";
import { withUmask } from "../../sys/write.js";
import type { Cause } from "./cause.js";
import type { AttributeChange, CreateRequest, CreateResult, Effects, EntryLocation } from "./effects.js";
import { clearedEvent, createdEvent } from "./events.js";
import { typeOf } from "./kind.js";
import {
  findObstacle,
  look,
  makeMissing,
  nameOf,
  openParentOf,
  refuseMountPoint,
  requireGone,
  resolveParent,
} from "./parents.js";

/** An unprivileged user never removes other users' directories that are in the way, even if permitted. */
const ONLY_OWN = { onlyOwn: true } as const;

/** A location whose directory is open. */
interface OpenEntryLocation extends EntryLocation {
  readonly dir: Fd;
}

/** The effects that change the disk. */
export function realEffects(root: Bytes, reporter: Reporter): Effects {
  return new RealEffects(root, reporter);
}

class RealEffects implements Effects {
  readonly acts = true;
  readonly #root: Bytes;
  readonly #reporter: Reporter;
  #held: Event[] | undefined;

  constructor(root: Bytes, reporter: Reporter) {
    this.#root = root;
    this.#reporter = reporter;
  }

  openParent(cause: Cause, path: Bytes, parents: "make" | "must-exist"): OpenEntryLocation & Disposable {
    const dir = parents === "make" ? this.#makeParent(cause, path) : openParentOf(this.#root, path);
    return { dir, name: nameOf(path), path, [Symbol.dispose]: () => dir.close() };
  }

  #makeParent(cause: Cause, path: Bytes): Fd {
    if (cause.modifiers.replaceWrongType) this.#clearWay(cause, path);
    const { fd, missing } = resolveParent(this.#root, path);
    const made = (at: Bytes): void => {
      const created = { path: at, kind: "directory", implicit: true } as const;
      this.#reporter.report(createdEvent(cause, created, "new", true));
    };
    const make = (at: Bytes, act: () => void): void => this.#making(at, "directory", act);
    return makeMissing(path, fd, missing, { keepSetGid: cause.modifiers.replaceWrongType, make, made });
  }

  /** Removes ancestors of `path` that are neither a directory nor a symlink to one. */
  #clearWay(cause: Cause, path: Bytes): void {
    const obstacle = findObstacle(this.#root, path);
    if (obstacle === undefined) return;
    using dir = obstacle.dir;
    const stat = look(dir, obstacle.name);
    if (stat !== undefined) this.#clear(cause, obstacle, stat);
  }

  removeWrongType(cause: Cause, location: OpenEntryLocation, type: number): void {
    const stat = look(location.dir, location.name);
    if (stat !== undefined && (stat.mode & S_IFMT) !== type) this.#clear(cause, location, stat);
  }

  #clear(cause: Cause, location: OpenEntryLocation, stat: Stat): void {
    refuseMountPoint(location.path, stat);
    if (isDirectory(stat)) removeInside(location);
    unlinkat(location.dir, location.name, isDirectory(stat) ? AT_REMOVEDIR : 0);
    this.#reporter.report(clearedEvent(cause, location.path, stat, true));
  }

  open(location: OpenEntryLocation, flags: number): Fd | undefined {
    try {
      return openat(location.dir, location.name, flags);
    } catch (error) {
      if (failedWith(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** Creates it with the policy's label and the requested mode. Another root has its own policy. */
  #making<Result>(path: Bytes, kind: InodeKind, make: () => Result): Result {
    const unmasked = (): Result => withUmask(0, make);
    return this.#root === "/" ? withCreationLabel(() => path, typeOf(kind), unmasked) : unmasked();
  }

  /** If possible, the inode becomes visible only once it is complete. */
  make(cause: Cause, location: OpenEntryLocation, request: CreateRequest): CreateResult | undefined {
    const { adjust, fill } = request;
    if (adjust === undefined) return this.#makePlainly(cause, location, request);
    // Changes made before the inode has a name are reported after its creation.
    this.#held = [];
    const whole = this.#makeWhole(location, { ...request, adjust });
    const held = this.#held ?? [];
    this.#held = undefined;
    if (whole === undefined) {
      const made = this.#makePlainly(cause, location, request);
      if (made?.existing === false) completing(made.fd, { fill, adjust });
      return made;
    }
    this.#reportCreated(cause, location, request);
    for (const event of held) this.#reporter.report(event);
    if (whole.failure === undefined) return { fd: whole.fd, existing: false };
    whole.fd.close();
    throw whole.failure;
  }

  /** Undefined if something exists already, or if it must be created under its own name. */
  #makeWhole(
    location: OpenEntryLocation,
    request: CreateRequest & { readonly adjust: (fd: Fd) => void },
  ): Whole | undefined {
    const { dir, name } = location;
    const { fileMode, kind } = request;
    try {
      if (!isMissing(dir, name)) return undefined;
      const make = (into: Fd, as: Bytes): Fd | undefined =>
        this.#making(location.path, kind, () => request.make(into, as));
      const unnamed =
        fileMode === undefined
          ? undefined
          : this.#making(location.path, kind, () => makeUnnamed(dir, name, fileMode, request));
      if (unnamed !== undefined) return unnamed;
      this.#held = [];
      return makeUnderTemporaryName(dir, name, make, request);
    } catch (error) {
      this.#held = undefined;
      if (failedWith(error, "EEXIST")) return undefined;
      throw error;
    }
  }

  #reportCreated(
    cause: Cause,
    location: OpenEntryLocation,
    request: CreateRequest,
    outcome: "new" | "copied" | "replaced" = request.outcome ?? "new",
  ): void {
    const created = { kind: request.kind, target: request.target, path: location.path };
    this.#reporter.report(createdEvent(cause, created, outcome, true));
  }

  #makePlainly(cause: Cause, location: OpenEntryLocation, request: CreateRequest): CreateResult | undefined {
    try {
      const since = kernelTime();
      const isNew = request.addsTo === undefined || isMissing(location.dir, location.name);
      const held = this.#making(location.path, request.kind, () => request.make(location.dir, location.name));
      const fd = held ?? (isNew ? openNew(location, request.kind, since) : openHeld(location));
      this.#reportCreated(cause, location, request);
      return { fd, existing: false };
    } catch (error) {
      if (!(error instanceof SyscallError) || request.tolerated?.includes(error.code) === false) throw error;
      const fd = this.open(location, O_PATH | O_NOFOLLOW);
      if (fd === undefined) throw error;
      removeEmptyRoom(location.dir, location.name);
      return { fd, existing: true };
    }
  }

  replace(cause: Cause, location: OpenEntryLocation, request: CreateRequest): CreateResult | undefined {
    const fd = this.#making(location.path, request.kind, () => replaceAtOnce(location, request));
    this.#reportCreated(cause, location, request, "replaced");
    return { fd, existing: false };
  }

  found(cause: Cause, location: EntryLocation, kind: InodeKind, target?: Bytes): void {
    this.#reporter.report(createdEvent(cause, { path: location.path, kind, target }, "existing", true));
  }

  change(cause: Cause, path: Bytes, what: AttributeChange, value: string, act: () => void): void {
    act();
    const event = { type: "changed", path, what, value, done: true, source: cause.source } as const;
    if (this.#held === undefined) this.#reporter.report(event);
    else this.#held.push(event);
  }
}

/** Whether the path certainly has no inode. If it cannot be examined, the call that creates it reports why. */
function isMissing(dir: Fd, name: Bytes): boolean {
  try {
    return look(dir, name) === undefined;
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}

const openHeld = ({ dir, name }: Pick<OpenEntryLocation, "dir" | "name">): Fd =>
  openat(dir, name, O_PATH | O_NOFOLLOW);

/** Opens what was just made by name: another user who can rename there may have put something else in its place. */
function openNew(location: Pick<OpenEntryLocation, "dir" | "name">, kind: InodeKind, since: Nanoseconds): Fd {
  const fd = openHeld(location);
  try {
    requireNew(fd, since, typeOf(kind));
    return fd;
  } catch (error) {
    fd.close();
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

/** Empties a directory, even if the directory itself cannot be removed. */
function removeInside(location: OpenEntryLocation): void {
  using inside = openInside(location.dir, location.name);
  const names = [...entries(inside)].map(({ name }) => name);
  requireGone(
    location.path,
    names.flatMap((name) => removeTree(inside, name, ONLY_OWN).left),
  );
}

/** Creates it under a temporary name and renames it over the existing inode. A directory in the way is removed first. */
function replaceAtOnce(location: OpenEntryLocation, request: CreateRequest): Fd {
  const { dir } = location;
  const since = kernelTime();
  const workplace = openWorkplace(dir, location.name);
  const { room = dir, name } = workplace ?? { name: `.mayfly-${randomHex(12)}` as Bytes };
  try {
    const fd = request.make(room, name) ?? openNew({ dir: room, name }, request.kind, since);
    try {
      renameOver(room, name, location);
      return fd;
    } catch (error) {
      fd.close();
      tryUnlinkat(room, name);
      throw error;
    }
  } finally {
    if (workplace !== undefined) closeWorkplace(workplace, dir);
  }
}

function renameOver(room: Fd, temporary: Bytes, { dir, name, path }: OpenEntryLocation): void {
  try {
    renameat2(room, temporary, dir, name);
  } catch (error) {
    if (!failedWith(error, "EISDIR", "EEXIST", "ENOTEMPTY")) throw error;
    requireGone(path, removeTree(dir, name, ONLY_OWN).left);
    renameat2(room, temporary, dir, name);
  }
}
