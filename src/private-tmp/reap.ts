/** Removes private directories that killed commands left behind. */
import { type Bytes, escapeForDisplay, join } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import { removeTree } from "../path/tree.js";
import { type Fd, flock, LOCK_EX, LOCK_NB } from "../sys/files.js";
import { statx } from "../sys/inode.js";
import { type Mount, readMountInfo } from "../sys/mountinfo.js";
import { requireReapOptions } from "./arguments.js";
import { type Location, openChild, openPrivateParent } from "./directory.js";
import { directoriesIn, directorySets } from "./find.js";
import { shows } from "./mount-view.js";
import { parseLeaf } from "./name.js";
import type { ReapOptions } from "./options.js";
import { type Namespaces, type NamespaceView, namespaces, suspects } from "./processes.js";
import { targets } from "./targets.js";

/** The result for one directory. */
export interface Reaped {
  readonly path: string;
  readonly name: string;
  readonly action: "removed" | "would-remove" | "kept";
  /** Why it was kept, as text. */
  readonly reason: string | undefined;
}

/**
 * Removes directories that killed commands left behind: those of Mayfly whose lock is free and that no process has mounted.
 * A directory that is not provably unused is kept. Directories of systemd are left to systemd.
 */
export function reapSync(options: ReapOptions = {}): Reaped[] {
  requireReapOptions(options);
  const { dryRun = false } = options;
  const sets = ownDirectories().map(tryLock);
  try {
    // After locking: a process must hold the lock before it can mount one of them.
    const found = namespaces();
    const host = readMountInfo();
    return sets.flatMap((set) => reapSet(set, reasonToKeep(set, found, host), dryRun));
  } finally {
    for (const { fds } of sets) for (const fd of fds) fd.close();
  }
}

interface Candidate {
  readonly locations: readonly Location[];
  readonly fds: readonly Fd[];
  /** The file descriptors of the parents, for the locations that could be locked. */
  readonly parents: readonly Fd[];
  /** Why a location could not be locked; undefined if all were locked. */
  readonly refusal: string | undefined;
}

function ownDirectories(): (readonly Location[])[] {
  const all = targets().flatMap(directoriesIn);
  return directorySets(all.filter(({ leaf }) => parseLeaf(leaf)?.maker === "mayfly"));
}

function tryLock(locations: readonly Location[]): Candidate {
  const fds: Fd[] = [];
  const parents: Fd[] = [];
  const refused = (refusal: string): Candidate => ({ locations, fds, parents, refusal });
  try {
    for (const { target, leaf } of locations) {
      const parent = openPrivateParent(target);
      fds.push(parent);
      parents.push(parent);
      const outer = openChild(parent, leaf);
      fds.push(outer);
      if (!isOwn(outer)) return refused("it belongs to another user");
      if (!flock(outer, LOCK_EX | LOCK_NB)) return refused("in use by a running command");
    }
  } catch (error) {
    if (error instanceof UnsafePathError) return refused(error.message);
    if (failedWith(error, "ENOENT")) return refused("it is being removed");
    if (failedWith(error, "EACCES", "ELOOP", "ENOTDIR")) return refused("permission denied");
    throw error;
  }
  return { locations, fds, parents, refusal: undefined };
}

/** Root may remove those of all users, since the removal never leaves the directory. */
function isOwn(outer: Fd): boolean {
  const { uid } = statx(outer);
  return uid === process.geteuid?.() || process.geteuid?.() === 0;
}

function reapSet(set: Candidate, refusal: string | undefined, dryRun: boolean): Reaped[] {
  return set.locations.map(({ target, leaf }, index): Reaped => {
    const about = {
      path: escapeForDisplay(join(target, leaf)),
      name: escapeForDisplay(parseLeaf(leaf)?.name ?? leaf),
    };
    if (refusal !== undefined) return { ...about, action: "kept", reason: refusal };
    if (dryRun) return { ...about, action: "would-remove", reason: undefined };
    return { ...about, ...removed(set.parents[index], leaf) };
  });
}

function reasonToKeep(
  { locations, fds, refusal }: Candidate,
  { views, hidden }: Namespaces,
  host: readonly Mount[],
): string | undefined {
  if (refusal !== undefined) return refusal;
  const isSeenIn = (view: NamespaceView): boolean =>
    locations.some((location) => shows(view, location, host));
  const pids = views.filter(isSeenIn).flatMap((view) => view.pids);
  if (pids.length > 0) return `in use by process ${pids.join(", ")}`;
  const outer = fds[1];
  const unknown = suspects(hidden, outer === undefined ? undefined : statx(outer).btime);
  if (unknown.length === 0) return undefined;
  return `process ${unknown.join(", ")} cannot be inspected and may be using it`;
}

function removed(parent: Fd | undefined, leaf: Bytes): Pick<Reaped, "action" | "reason"> {
  const left = parent === undefined ? [] : removeTree(parent, leaf).left;
  const [first] = left;
  if (first === undefined) return { action: "removed", reason: undefined };
  return { action: "kept", reason: `cannot remove ${left.length} of its entries: ${first.error.message}` };
}
