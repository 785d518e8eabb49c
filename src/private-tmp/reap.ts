/** Removes what killed commands left behind. */
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

/** What became of one directory. */
export interface Reaped {
  readonly path: string;
  readonly name: string;
  readonly action: "removed" | "would-remove" | "kept";
  /** Why it was kept, or what inside could not be removed. */
  readonly reason: string | undefined;
}

/**
 * Removes what commands left behind that did not get to do it themselves: a directory of Mayfly's whose lock nobody
 * holds and that no process has mounted anywhere. What can't be proved unused stays. systemd's are systemd's to remove.
 */
export function reapSync(options: ReapOptions = {}): Reaped[] {
  requireReapOptions(options);
  const { dryRun = false } = options;
  const sets = ownDirectories().map(tryLock);
  try {
    // Only now: whoever could still mount one of them has to have its lock first.
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
  /** The parents' fds, for as many locations as could be locked. */
  readonly parents: readonly Fd[];
  /** Why not; undefined where all locks are ours. */
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
      if (!flock(outer, LOCK_EX | LOCK_NB)) return refused("a running command uses it");
    }
  } catch (error) {
    if (error instanceof UnsafePathError) return refused(error.message);
    if (failedWith(error, "ENOENT")) return refused("it is being removed");
    if (failedWith(error, "EACCES", "ELOOP", "ENOTDIR")) return refused("permission denied");
    throw error;
  }
  return { locations, fds, parents, refusal: undefined };
}

/** Root may remove anybody's, since the removal follows nothing out of the directory. */
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
  return `process ${unknown.join(", ")} can't be inspected and may be using it`;
}

function removed(parent: Fd | undefined, leaf: Bytes): Pick<Reaped, "action" | "reason"> {
  const left = parent === undefined ? [] : removeTree(parent, leaf).left;
  const [first] = left;
  if (first === undefined) return { action: "removed", reason: undefined };
  return { action: "kept", reason: `${left.length} inside could not be removed: ${first.error.message}` };
}
