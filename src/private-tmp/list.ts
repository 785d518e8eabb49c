import { statfsSync } from "node:fs";
import { type Bytes, basename, isBelow, join, show } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import type { Nanoseconds } from "../base/time.js";
import { Fd, O_DIRECTORY, O_PATH, O_RDONLY, openat } from "../sys/files.js";
import { statx } from "../sys/inode.js";
import { type Mount, readMountInfo } from "../sys/mountinfo.js";
import { processStatus } from "../sys/processes.js";
import { type Location, openChild } from "./directory.js";
import { isLocked, leavesIn } from "./find.js";
import { bootId, parseLeaf } from "./name.js";
import { type Namespaces, type NamespaceView, namespaces, suspects } from "./processes.js";
import { privateMounts, type SeenMount, sameDevice, shows } from "./seen.js";
import { sizeBelow } from "./size.js";
import { targets } from "./targets.js";

export type State =
  /** Processes see it, or somebody holds its lock. */
  | "in-use"
  /** Nobody does: `reap` removes it. */
  | "stale"
  /** Left over from before the last boot. */
  | "old-boot"
  /** It can't be told: the directory or a process may not be looked at. */
  | "unknown";

/** One private /tmp or /var/tmp on the host. */
export interface PrivateTmp {
  /** What it was named, with systemd the unit's name; undefined of a tmpfs that says nothing of itself. */
  readonly name: string | undefined;
  readonly maker: "mayfly" | "systemd" | undefined;
  readonly mode: "connected" | "disconnected";
  /** Where its processes see it: `/tmp`. */
  readonly target: string;
  readonly state: State;
  /** The directory on the host; undefined of a tmpfs, and of a directory that was removed while in use. */
  readonly hostPath: string | undefined;
  /** The way to it through a process that sees it. */
  readonly view: string | undefined;
  /** The mount's options, as the processes have it; empty where none sees it. */
  readonly options: readonly string[];
  /** Bytes in use; undefined where it may not be looked at. */
  readonly size: bigint | undefined;
  /** When it was made, in nanoseconds since the epoch. */
  readonly created: Nanoseconds | undefined;
  /** The systemd units that its processes belong to. */
  readonly units: readonly string[];
  readonly processes: readonly PrivateProcess[];
}

export interface PrivateProcess {
  readonly pid: number;
  readonly command: string;
  readonly unit: string | undefined;
}

/**
 * Every private /tmp on the host, Mayfly's and systemd's: from the mounts of all processes and the directories that
 * are there, not from a record that could be wrong. An ordinary user is told of his own processes' alone.
 */
export async function list(): Promise<PrivateTmp[]> {
  const host = readMountInfo();
  const all = targets();
  const found = namespaces();
  const seen = seenByProcesses(found.views, all, host);
  const unseen = all
    .flatMap((target) => leavesIn(target).map((leaf) => ({ target, leaf })))
    .filter(({ target, leaf }) => !seen.some((each) => each.target === show(target) && each.leaf === leaf))
    .map((location) => unseenDirectory(location, found));
  return [...seen.map(({ leaf: _leaf, ...rest }) => rest), ...unseen].sort(byName);
}

function byName(a: PrivateTmp, b: PrivateTmp): number {
  const key = (each: PrivateTmp): string =>
    `${each.name ?? "~"} ${each.hostPath ?? each.view} ${each.target}`;
  return key(a) < key(b) ? -1 : 1;
}

type Seen = PrivateTmp & { readonly leaf: Bytes | undefined };

/** What processes see, each once: those that share it may do so from namespaces of their own. */
function seenByProcesses(
  views: readonly NamespaceView[],
  all: readonly Bytes[],
  host: readonly Mount[],
): Seen[] {
  const groups = new Map<string, { seen: SeenMount; pids: number[] }>();
  for (const view of views) {
    for (const seen of privateMounts(view.mounts, all, host)) {
      const { deviceMajor, deviceMinor, root } = seen.mount;
      const key = `${seen.target} ${deviceMajor}:${deviceMinor} ${root}`;
      const group = groups.get(key) ?? { seen, pids: [] };
      groups.set(key, { seen: group.seen, pids: [...group.pids, ...view.pids] });
    }
  }
  return [...groups.values()].map(({ seen, pids }) =>
    described(
      seen,
      pids.sort((a, b) => a - b),
      host,
    ),
  );
}

function described(seen: SeenMount, pids: readonly number[], host: readonly Mount[]): Seen {
  const processes = pids.map(describeProcess);
  const view = viewThrough(pids, seen.target);
  const parsed = seen.leaf === undefined ? undefined : parseLeaf(seen.leaf);
  const hostPath = seen.mode === "connected" && !seen.isDeleted ? pathOnHost(seen.mount, host) : undefined;
  return {
    leaf: seen.leaf,
    name: parsed === undefined ? undefined : show(parsed.name),
    maker: parsed?.maker,
    mode: seen.mode,
    target: show(seen.target),
    state: "in-use",
    hostPath: hostPath === undefined ? undefined : show(hostPath),
    view: show(view),
    options: seen.mount.options,
    ...measured(view, seen.mode),
    units: [...new Set(processes.flatMap(({ unit }) => unit ?? []))],
    processes,
  };
}

/** The way through a process whose own root is the namespace's. */
function viewThrough(pids: readonly number[], target: Bytes): Bytes {
  return join(`/proc/${pids[0] ?? 0}/root` as Bytes, target);
}

function measured(view: Bytes, mode: SeenMount["mode"]): Pick<PrivateTmp, "size" | "created"> {
  try {
    using directory = openat(Fd.cwd, view, O_RDONLY | O_DIRECTORY);
    const { btime, ctime } = statx(directory);
    const size = mode === "connected" ? sizeBelow(directory) : sizeOfFileSystem(view);
    return { size, created: btime ?? ctime };
  } catch (error) {
    if (failedWith(error, "ENOENT", "ESRCH", "EACCES", "EPERM"))
      return { size: undefined, created: undefined };
    throw error;
  }
}

function sizeOfFileSystem(path: Bytes): bigint {
  const { blocks, bfree, bsize } = statfsSync(path, { bigint: true });
  return (blocks - bfree) * bsize;
}

/** Where a mount's root is in the caller's own mounts. */
function pathOnHost({ root, ...mount }: Mount, host: readonly Mount[]): Bytes | undefined {
  const carriers = host.filter((own) => sameDevice(own, { root, ...mount }) && isBelow(root, own.root));
  const [nearest] = carriers.sort((a, b) => b.root.length - a.root.length);
  if (nearest === undefined) return undefined;
  return join(nearest.point, root.slice(nearest.root === "/" ? 0 : nearest.root.length) as Bytes);
}

function describeProcess(pid: number): PrivateProcess {
  const status = processStatus(pid);
  const words = status?.arguments.join(" ") || basename(status?.program ?? ("" as Bytes));
  return { pid, command: show(words as Bytes), unit: unitIn(status?.cgroup ?? ("" as Bytes)) };
}

const UNIT = /([^/]+\.(?:service|scope|socket|mount|swap))(?:\/|$)/g;

/** The unit that a cgroup path leads to: the innermost, so of a user's session its own services. */
function unitIn(cgroup: Bytes): string | undefined {
  const unit = [...cgroup.matchAll(UNIT)].at(-1)?.[1];
  return unit === undefined ? undefined : show(unit as Bytes);
}

function unseenDirectory({ target, leaf }: Location, found: Namespaces): PrivateTmp {
  const parsed = parseLeaf(leaf);
  const measures = measuredDirectory({ target, leaf });
  return {
    name: parsed === undefined ? undefined : show(parsed.name),
    maker: parsed?.maker,
    mode: "connected",
    target: show(target),
    state: stateOf({ target, leaf }, found, measures.created),
    hostPath: show(join(join(target, leaf), "tmp" as Bytes)),
    view: undefined,
    options: [],
    ...measures,
    units: [],
    processes: [],
  };
}

/** What is known of a directory that no process sees at its target. */
function stateOf(location: Location, { views, hidden }: Namespaces, created: Nanoseconds | undefined): State {
  try {
    if (views.some((view) => shows(view, location.leaf)) || isLocked(location)) return "in-use";
  } catch (error) {
    if (failedWith(error, "EACCES", "ENOENT", "ENOTDIR", "ELOOP") || error instanceof UnsafePathError)
      return "unknown";
    throw error;
  }
  if (parseLeaf(location.leaf)?.boot !== bootId()) return "old-boot";
  return suspects(hidden, created).length > 0 ? "unknown" : "stale";
}

function measuredDirectory({ target, leaf }: Location): Pick<PrivateTmp, "size" | "created"> {
  try {
    using parent = openat(Fd.cwd, target, O_RDONLY | O_DIRECTORY);
    using at = openat(parent, leaf, O_PATH | O_DIRECTORY);
    const { btime, ctime } = statx(at);
    return { created: btime ?? ctime, size: measuredInside(parent, leaf) };
  } catch (error) {
    if (failedWith(error, "ENOENT", "ENOTDIR")) return { size: undefined, created: undefined };
    throw error;
  }
}

function measuredInside(parent: Fd, leaf: Bytes): bigint | undefined {
  try {
    using directory = openChild(parent, leaf);
    return sizeBelow(directory);
  } catch (error) {
    if (failedWith(error, "ENOENT", "EACCES", "ELOOP", "ENOTDIR")) return undefined;
    throw error;
  }
}
