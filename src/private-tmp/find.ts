/** Finds an existing private /tmp by name or by process. */
import { readdirSync } from "node:fs";
import { type Bytes, bytes, escapeForDisplay } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import { Fd, flock, LOCK_EX, LOCK_NB, O_DIRECTORY, O_PATH, openat } from "../sys/files.js";
import { isDirectory, statx } from "../sys/inode.js";
import { type Mount, readMountInfo } from "../sys/mountinfo.js";
import { type Location, openChild, openPrivateParent } from "./directory.js";
import { isMountOf, type MountView, privateMounts } from "./mount-view.js";
import { bootId, isMeant, parseLeaf } from "./name.js";
import { ownerOfView, type ProvenOwner } from "./owner.js";
import { type NamespaceView, namespaceOf, namespaces, ownNamespace } from "./processes.js";
import { SetupError } from "./settings.js";

/** An existing private /tmp. */
export interface Found {
  readonly mode: "connected" | "disconnected";
  /** Its full name; undefined for a tmpfs that Mayfly did not create. */
  readonly leaf: Bytes | undefined;
  /** Its directories on the host; empty if it is disconnected. */
  readonly locations: readonly Location[];
  /** The processes that see it. */
  readonly pids: readonly number[];
  /** The user who controls its mounts; undefined if unknown. */
  readonly owner: ProvenOwner | undefined;
}

/**
 * Finds a private /tmp by a process that sees it, or by its name. A name matches only private /tmps that root or the caller
 * created, since another user could choose the same name.
 *
 * @throws SetupError NOT_FOUND, AMBIGUOUS, FOREIGN
 */
export function find(asked: string | number, targets: readonly Bytes[]): Found {
  const number = typeof asked === "number" ? asked : /^[0-9]+$/.test(asked) ? Number(asked) : undefined;
  return number === undefined ? byName(bytes(`${asked}`), targets) : byProcess(number, targets);
}

function byProcess(pid: number, targets: readonly Bytes[]): Found {
  const host = readMountInfo();
  const mounts = privateMounts(mountsOf(pid), targets, host);
  const [first] = mounts;
  if (first === undefined) {
    throw new SetupError("NOT_FOUND", `process ${pid} has no private /tmp`);
  }
  const owner = ownerOfView({ id: namespaceOf(pid) || "", pids: [pid] });
  return { mode: first.mode, leaf: first.leaf, locations: locationsOf(mounts, host), pids: [pid], owner };
}

function mountsOf(pid: number): Mount[] {
  try {
    return readMountInfo(pid);
  } catch (error) {
    if (failedWith(error, "ENOENT", "ESRCH", "EINVAL")) {
      throw new SetupError("NOT_FOUND", `no such process: ${pid}`, error);
    }
    if (failedWith(error, "EACCES", "EPERM")) {
      throw new SetupError("FOREIGN", `process ${pid} belongs to another user: permission denied`, error);
    }
    throw error;
  }
}

function locationsOf(mounts: readonly MountView[], host: readonly Mount[]): Location[] {
  return mounts.flatMap(({ mode, target, leaf, isDeleted, mount }) => {
    if (mode !== "connected" || leaf === undefined || isDeleted) return [];
    return isMountOf(mount, { target, leaf }, host) ? [{ target, leaf }] : [];
  });
}

function byName(asked: Bytes, targets: readonly Bytes[]): Found {
  const views = otherNamespaces();
  const called = [...connectedCalled(asked, targets, views), ...disconnectedCalled(asked, targets, views)];
  const own = called.filter(({ owner }) => owner?.uid === process.geteuid?.());
  const all = own.length > 0 ? own : called;
  const found = all.length > 1 ? all.filter(isInUse) : all;
  const [only] = found;
  if (only === undefined) {
    throw new SetupError(
      "NOT_FOUND",
      `no private /tmp of yours or root's is named ${escapeForDisplay(asked)}; see "mayfly ps"`,
    );
  }
  if (found.length === 1) return only;
  const names = found.map(({ leaf }) => shortName(leaf)).join(", ");
  throw new SetupError("AMBIGUOUS", `several private /tmps are named ${escapeForDisplay(asked)}: ${names}`);
}

function shortName(leaf: Bytes | undefined): string {
  const parsed = leaf === undefined ? undefined : parseLeaf(leaf);
  return parsed === undefined ? "" : `${escapeForDisplay(parsed.name)}-${parsed.suffix}`;
}

function otherNamespaces(): NamespaceView[] {
  const own = ownNamespace();
  return namespaces().views.filter(({ id }) => id !== own);
}

function connectedCalled(asked: Bytes, targets: readonly Bytes[], views: readonly NamespaceView[]): Found[] {
  const host = readMountInfo();
  const called = targets
    .flatMap(directoriesIn)
    .filter(({ leaf, uid }) => isMeant(leaf, asked) && isOfThisBoot(leaf) && isRootOrCaller(uid));
  return directorySets(called).map(([first, ...others]) => {
    const locations = [first, ...others];
    const isSeenIn = ({ mounts }: NamespaceView): boolean =>
      mounts.some((mount) => locations.some((location) => isMountOf(mount, location, host)));
    const pids = views
      .filter((view) => isSeenIn(view) && ownerOfView(view)?.isTrusted === true)
      .flatMap((view) => view.pids);
    const owner = { uid: first.uid, isTrusted: true };
    return { mode: "connected", leaf: first.leaf, locations, pids, owner };
  });
}

function isRootOrCaller(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

function isOfThisBoot(leaf: Bytes): boolean {
  return parseLeaf(leaf)?.boot === bootId();
}

/** A directory with the name of a private directory, and its owner. */
export interface NamedDirectory extends Location {
  readonly uid: number;
}

/** The directories below a target that have such a name. Other file types are ignored. */
export function directoriesIn(target: Bytes): NamedDirectory[] {
  using parent = openat(Fd.cwd, target, O_PATH | O_DIRECTORY);
  const names = (readdirSync(target, "latin1") as Bytes[]).filter((name) => parseLeaf(name) !== undefined);
  return names.sort().flatMap((leaf) => {
    try {
      const stat = statx(parent, leaf);
      return isDirectory(stat) ? [{ target, leaf, uid: stat.uid }] : [];
    } catch (error) {
      if (failedWith(error, "ENOENT")) return [];
      throw error;
    }
  });
}

type NonEmpty<Item> = readonly [Item, ...Item[]];

/** Groups the directories of one private /tmp: those with the same name and owner. */
export function directorySets(directories: readonly NamedDirectory[]): NonEmpty<NamedDirectory>[] {
  const sets = new Map<string, [NamedDirectory, ...NamedDirectory[]]>();
  for (const each of directories) {
    const key = `${each.uid} ${each.leaf}`;
    const set = sets.get(key);
    if (set === undefined) sets.set(key, [each]);
    else set.push(each);
  }
  return [...sets.values()];
}

function disconnectedCalled(
  asked: Bytes,
  targets: readonly Bytes[],
  views: readonly NamespaceView[],
): Found[] {
  const found = new Map<Bytes, Found>();
  for (const view of views) {
    const { leaf } =
      privateMounts(view.mounts, targets, []).find(({ mode }) => mode === "disconnected") ?? {};
    if (leaf === undefined || !isMeant(leaf, asked)) continue;
    const owner = ownerOfView(view);
    if (owner?.isTrusted !== true) continue;
    const pids = [...(found.get(leaf)?.pids ?? []), ...view.pids];
    found.set(leaf, { mode: "disconnected", leaf, locations: [], pids, owner });
  }
  return [...found.values()];
}

function isInUse({ pids, locations }: Found): boolean {
  return pids.length > 0 || locations.some(mayBeLocked);
}

/**
 * Whether a process holds the directory's lock. If none does, this briefly takes the lock; a concurrent join then retries.
 */
export function isLocked({ target, leaf }: Location): boolean {
  using parent = openPrivateParent(target);
  using outer = openChild(parent, leaf);
  return !flock(outer, LOCK_EX | LOCK_NB);
}

/** The same for a directory that may be removed or inaccessible; an inaccessible one may be in use. */
function mayBeLocked(location: Location): boolean {
  try {
    return isLocked(location);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return false;
    if (failedWith(error, "EACCES") || error instanceof UnsafePathError) return true;
    throw error;
  }
}
