/** Finds the processes that use a path, from /proc: open files, locks, working directories, mounts and sockets. */
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { type Bytes, isBelow } from "../../base/bytes.js";
import type { Stat } from "../../sys/inode.js";
import { type HeldLock, heldLocks } from "../../sys/locks.js";
import { readMountInfo } from "../../sys/mountinfo.js";
import { processStatus, procShowsOwnPids, runningPids } from "../../sys/processes.js";
import { boundSockets } from "../../sys/sockets.js";
import { statPreservingAtime } from "./names.js";

/** A process that uses a path. */
export interface User {
  readonly pid: number;
  readonly program: Bytes | undefined;
}

/** How a path is used. Cleaners check only `flocks`. */
export interface Uses {
  readonly flocks: readonly User[];
  /** POSIX and OFD locks. */
  readonly otherLocks: readonly User[];
  readonly open: readonly User[];
  readonly workingDirectory: readonly User[];
  readonly running: readonly User[];
  /** Processes in other mount namespaces in which the path is a mount point. */
  readonly mountedElsewhere: readonly User[];
  /** Processes in other network namespaces in which the path is a bound socket. */
  readonly boundElsewhere: readonly User[];
  /** The number of processes that could not be inspected. */
  readonly hidden: number;
}

const MAX_USERS = 5;

/** The paths that one process uses. */
interface Process {
  readonly pid: number;
  readonly workingDirectory: Bytes | undefined;
  readonly running: Bytes | undefined;
  readonly open: readonly Bytes[];
}

/** A snapshot of which processes use which paths: reads all of /proc once, for any number of paths. */
export class Usage {
  readonly #processes: readonly Process[];
  readonly #locks: readonly HeldLock[];
  /** One process of each other mount namespace, with the mount points there. */
  readonly #elsewhere = new Map<number, ReadonlySet<Bytes>>();
  /** One process of each other network namespace, with the paths of sockets bound there. */
  readonly #sockets = new Map<number, ReadonlySet<Bytes>>();
  readonly #hidden: number;

  constructor() {
    const pids = (procShowsOwnPids() ? runningPids() : []).filter((pid) => pid !== process.pid);
    const inspected = pids.map((pid) => [pid, processUses(pid)] as const);
    this.#processes = inspected.flatMap(([, found]) => found ?? []);
    this.#hidden = inspected.filter(
      ([pid, found]) => found === undefined && existsSync(`/proc/${pid}/fd`),
    ).length;
    this.#locks = optional(heldLocks) ?? [];
    for (const pid of onePerNamespace(pids, "ns/mnt")) {
      const mounts = optional(() => readMountInfo(pid)) ?? [];
      this.#elsewhere.set(pid, new Set(mounts.map(({ point }) => point)));
    }
    // In another mount namespace, a path is another file.
    const ours = linkOf("self", "ns/mnt");
    const seeingOurs = pids.filter((pid) => linkOf(pid, "ns/mnt") === ours);
    for (const pid of onePerNamespace(seeingOurs, "ns/net"))
      this.#sockets.set(pid, boundSockets(pid) ?? new Set());
  }

  /** The processes that use the path, or a path below it. */
  of(path: Bytes): Uses {
    const stat = statPreservingAtime(path);
    const locks = stat === undefined ? [] : locksOn(stat, this.#locks);
    const holders = (wanted: (lock: HeldLock) => boolean): User[] =>
      locks.filter(wanted).map(({ pid }) => userOf(pid));
    const users = (uses: (each: Process) => boolean): User[] =>
      this.#processes
        .filter(uses)
        .slice(0, MAX_USERS)
        .map(({ pid }) => userOf(pid));
    const isHere = (link: Bytes | undefined): boolean => link !== undefined && isBelow(link, path);
    const elsewhere = [...this.#elsewhere].filter(([, points]) => points.has(path));
    return {
      flocks: holders(({ kind }) => kind === "flock"),
      otherLocks: holders(({ kind }) => kind !== "flock"),
      open: users(({ open }) => open.some(isHere)),
      workingDirectory: users(({ workingDirectory }) => isHere(workingDirectory)),
      running: users(({ running }) => isHere(running)),
      mountedElsewhere: elsewhere.map(([pid]) => userOf(pid)),
      boundElsewhere: this.#boundElsewhere(path),
      hidden: this.#hidden,
    };
  }

  #boundElsewhere(path: Bytes): User[] {
    const isHere = (bound: ReadonlySet<Bytes>): boolean => {
      for (const socket of bound) if (isBelow(socket, path)) return true;
      return false;
    };
    return [...this.#sockets]
      .filter(([, bound]) => isHere(bound))
      .slice(0, MAX_USERS)
      .map(([pid]) => userOf(pid));
  }
}

/** One process of each namespace of this kind, except our own. */
function onePerNamespace(pids: readonly number[], kind: "ns/mnt" | "ns/net"): number[] {
  const known = new Set([linkOf("self", kind)]);
  return pids.filter((pid) => {
    const namespace = linkOf(pid, kind);
    if (namespace === undefined || known.has(namespace)) return false;
    known.add(namespace);
    return true;
  });
}

/** Matches by inode, and by device unless it is anonymous: btrfs reports another device in /proc/locks than in stat(2). */
function locksOn(stat: Stat, locks: readonly HeldLock[]): HeldLock[] {
  const same = locks.filter(({ inode }) => BigInt(inode) === stat.inode);
  const exact = same.filter(
    (each) => each.deviceMajor === stat.deviceMajor && each.deviceMinor === stat.deviceMinor,
  );
  return exact.length > 0 || stat.deviceMajor !== 0 ? exact : same;
}

/** Undefined if the process may not be inspected or has exited. */
function processUses(pid: number): Process | undefined {
  const fds = optional(() => readdirSync(`/proc/${pid}/fd`));
  if (fds === undefined) return undefined;
  const open = fds.map((fd) => linkOf(pid, `fd/${fd}`)).filter((link) => link !== undefined);
  return { pid, workingDirectory: linkOf(pid, "cwd"), running: linkOf(pid, "exe"), open };
}

function userOf(pid: number): User {
  return { pid, program: processStatus(pid)?.program };
}

function linkOf(pid: number | "self", name: string): Bytes | undefined {
  return optional(() => readlinkSync(`/proc/${pid}/${name}`, "latin1")) as Bytes | undefined;
}

/** Processes exit at any time, and not all may be inspected. */
function optional<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
