/** Lists the private /tmps on the host. */
import { statfsSync } from "node:fs";
import { type Bytes, basename, escapeForDisplay, isBelow, join } from "../base/bytes.js";
import { failedWith, SyscallError, UnsafePathError } from "../base/errors.js";
import type { Nanoseconds } from "../base/time.js";
import { Fd, O_DIRECTORY, O_PATH, O_RDONLY, openat } from "../sys/files.js";
import { statx } from "../sys/inode.js";
import { type Mount, readMountInfo } from "../sys/mountinfo.js";
import { processStatus } from "../sys/processes.js";
import { openChild } from "./directory.js";
import { directoriesIn, isLocked, type NamedDirectory } from "./find.js";
import { isMountOf, type MountView, privateMounts, sameDevice, shows } from "./mount-view.js";
import { bootId, parseLeaf } from "./name.js";
import { ownerOfView, type ProvenOwner } from "./owner.js";
import { type Namespaces, type NamespaceView, namespaces, suspects } from "./processes.js";
import { sizeBelow } from "./size.js";
import { targets } from "./targets.js";

export type State =
  /** A process sees it or holds its lock. */
  | "in-use"
  /** No process does: `reap` removes it. */
  | "stale"
  /** It dates from before the last boot. */
  | "old-boot"
  /** The directory, or a process that may use it, cannot be inspected. */
  | "unknown";

/** One private /tmp or /var/tmp on the host. */
export interface PrivateTmp {
  /** Its name (for systemd, that of the unit); undefined for a tmpfs without one. */
  readonly name: string | undefined;
  readonly maker: "mayfly" | "systemd" | undefined;
  /**
   * The UID of the user who created it or controls its mounts, as verified by the kernel; undefined if unknown. A name can
   * be chosen by anyone.
   */
  readonly owner: number | undefined;
  readonly mode: "connected" | "disconnected";
  /** The path at which its processes see it, such as `/tmp`. */
  readonly target: string;
  readonly state: State;
  /** The directory on the host; undefined for a tmpfs, and for a directory that was removed while in use. */
  readonly hostPath: string | undefined;
  /** A path to it through a process that sees it. */
  readonly view: string | undefined;
  /** The mount options; empty if no process sees it. */
  readonly options: readonly string[];
  /** Disk usage in bytes; undefined if it cannot be inspected. */
  readonly size: number | undefined;
  /** When it was created, in nanoseconds since the epoch. */
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
 * Lists the private /tmps of Mayfly and systemd. Reads the mounts of all processes and the existing directories; no record
 * is kept that could be out of date. Ordinary users get their own, and those that their processes see.
 */
export function listSync(): PrivateTmp[] {
  const host = readMountInfo();
  const all = targets();
  const found = namespaces();
  const seen = seenByProcesses(found.views, all, host);
  const unseen = all
    .flatMap(directoriesIn)
    .map((directory) => unseenDirectory(directory, found, host))
    .filter(({ hostPath }) => !seen.some((each) => each.hostPath === hostPath));
  return [...seen, ...unseen].filter(isForCaller).sort(byName);
}

/** Root sees all. Other users see only their own, although /proc shows more. */
function isForCaller({ owner, processes }: PrivateTmp): boolean {
  const uid = process.geteuid?.();
  return uid === 0 || owner === uid || processes.some(({ pid }) => processStatus(pid)?.uid === uid);
}

function byName(a: PrivateTmp, b: PrivateTmp): number {
  const key = (each: PrivateTmp): string =>
    `${each.name ?? "~"} ${each.hostPath ?? each.view} ${each.target}`;
  return key(a) < key(b) ? -1 : 1;
}

/** The private /tmps that processes see, each once, even if it is shared by several namespaces. */
function seenByProcesses(
  views: readonly NamespaceView[],
  all: readonly Bytes[],
  host: readonly Mount[],
): PrivateTmp[] {
  const groups = new Map<string, Group>();
  for (const view of views) {
    for (const seen of privateMounts(view.mounts, all, host)) {
      const { deviceMajor, deviceMinor, root } = seen.mount;
      const key = `${seen.target} ${deviceMajor}:${deviceMinor} ${root}`;
      const group = groups.get(key) ?? { seen, pids: [], owner: undefined };
      const owner = moreTrusted(group.owner, ownerOfView(view));
      groups.set(key, { seen: group.seen, pids: [...group.pids, ...view.pids], owner });
    }
  }
  return [...groups.values()].map((group) => described(group, host));
}

interface Group {
  readonly seen: MountView;
  readonly pids: readonly number[];
  readonly owner: ProvenOwner | undefined;
}

/** Users in their own namespaces may see a private /tmp that root created. */
function moreTrusted(a: ProvenOwner | undefined, b: ProvenOwner | undefined): ProvenOwner | undefined {
  return a?.isTrusted === true || b === undefined ? a : b;
}

function described({ seen, pids: unsorted, owner }: Group, host: readonly Mount[]): PrivateTmp {
  const pids = unsorted.toSorted((a, b) => a - b);
  const processes = pids.map(describeProcess);
  const view = viewThrough(pids, seen.target);
  const parsed = seen.leaf === undefined ? undefined : parseLeaf(seen.leaf);
  const hostPath = seen.mode === "connected" && !seen.isDeleted ? hostPathOf(seen, host) : undefined;
  return {
    name: parsed === undefined ? undefined : escapeForDisplay(parsed.name),
    maker: parsed?.maker,
    owner: owner?.uid,
    mode: seen.mode,
    target: escapeForDisplay(seen.target),
    state: "in-use",
    hostPath: hostPath === undefined ? undefined : escapeForDisplay(hostPath),
    view: escapeForDisplay(view),
    options: seen.mount.options,
    ...measured(view, seen.mode),
    units: [...new Set(processes.flatMap(({ unit }) => unit ?? []))],
    processes,
  };
}

/** The path through a process whose root directory is that of the namespace. */
function viewThrough(pids: readonly number[], target: Bytes): Bytes {
  return join(`/proc/${pids[0] ?? 0}/root` as Bytes, target);
}

function measured(view: Bytes, mode: MountView["mode"]): Pick<PrivateTmp, "size" | "created"> {
  try {
    using directory = openat(Fd.cwd, view, O_RDONLY | O_DIRECTORY);
    const { btime, ctime } = statx(directory);
    const size = mode === "connected" ? sizeBelow(directory) : sizeOfFileSystem(view);
    return { size, created: btime ?? ctime };
  } catch (error) {
    // Its owner may have replaced it.
    if (error instanceof SyscallError) return { size: undefined, created: undefined };
    throw error;
  }
}

function sizeOfFileSystem(path: Bytes): number {
  const { blocks, bfree, bsize } = statfsSync(path);
  return (blocks - bfree) * bsize;
}

function hostPathOf({ target, leaf, mount }: MountView, host: readonly Mount[]): Bytes | undefined {
  if (leaf === undefined || !isMountOf(mount, { target, leaf }, host)) return pathOnHost(mount, host);
  return join(join(target, leaf), "tmp" as Bytes);
}

/** The path of a mount's root in the caller's own mounts. */
function pathOnHost(mount: Mount, host: readonly Mount[]): Bytes | undefined {
  const { root } = mount;
  const carriers = host.filter((own) => sameDevice(own, mount) && isBelow(root, own.root));
  const [nearest] = carriers.sort((a, b) => b.root.length - a.root.length);
  if (nearest === undefined) return undefined;
  return join(nearest.point, root.slice(nearest.root === "/" ? 0 : nearest.root.length) as Bytes);
}

function describeProcess(pid: number): PrivateProcess {
  const status = processStatus(pid);
  const words = status?.arguments.join(" ") || basename(status?.program ?? ("" as Bytes));
  return { pid, command: escapeForDisplay(words as Bytes), unit: unitIn(status?.cgroup ?? ("" as Bytes)) };
}

const UNIT = /([^/]+\.(?:service|scope|socket|mount|swap))(?:\/|$)/g;

/** The innermost unit in a cgroup path: in a user's session, the user's own services. */
function unitIn(cgroup: Bytes): string | undefined {
  const unit = [...cgroup.matchAll(UNIT)].at(-1)?.[1];
  return unit === undefined ? undefined : escapeForDisplay(unit as Bytes);
}

function unseenDirectory(directory: NamedDirectory, found: Namespaces, host: readonly Mount[]): PrivateTmp {
  const { target, leaf, uid } = directory;
  const parsed = parseLeaf(leaf);
  const measures = measuredDirectory(directory);
  return {
    name: parsed === undefined ? undefined : escapeForDisplay(parsed.name),
    maker: parsed?.maker,
    owner: uid,
    mode: "connected",
    target: escapeForDisplay(target),
    state: stateOf(directory, found, host, measures.created),
    hostPath: escapeForDisplay(join(join(target, leaf), "tmp" as Bytes)),
    view: undefined,
    options: [],
    ...measures,
    units: [],
    processes: [],
  };
}

/** The state of a directory that no process sees at its target. */
function stateOf(
  directory: NamedDirectory,
  { views, hidden }: Namespaces,
  host: readonly Mount[],
  created: Nanoseconds | undefined,
): State {
  try {
    if (views.some((view) => shows(view, directory, host)) || isLocked(directory)) return "in-use";
  } catch (error) {
    if (failedWith(error, "EACCES", "ENOENT", "ENOTDIR", "ELOOP") || error instanceof UnsafePathError)
      return "unknown";
    throw error;
  }
  if (parseLeaf(directory.leaf)?.boot !== bootId()) return "old-boot";
  return suspects(hidden, created).length > 0 ? "unknown" : "stale";
}

function measuredDirectory({ target, leaf }: NamedDirectory): Pick<PrivateTmp, "size" | "created"> {
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

function measuredInside(parent: Fd, leaf: Bytes): number | undefined {
  try {
    using directory = openChild(parent, leaf);
    return sizeBelow(directory);
  } catch (error) {
    if (failedWith(error, "ENOENT", "EACCES", "ELOOP", "ENOTDIR")) return undefined;
    throw error;
  }
}
