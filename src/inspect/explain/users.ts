/** Who uses a path: open files, locks, working directories, mounts and sockets, all read from /proc. */
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { type Bytes, isBelow } from "../../base/bytes.js";
import type { Stat } from "../../sys/inode.js";
import { type HeldLock, heldLocks } from "../../sys/locks.js";
import { readMountInfo } from "../../sys/mountinfo.js";
import { processStatus, procShowsOwnPids, runningPids } from "../../sys/processes.js";
import { boundSockets } from "../../sys/sockets.js";
import { statPreservingAtime } from "./names.js";

/** A process that has something to do with a path. */
export interface User {
  readonly pid: number;
  readonly program: Bytes | undefined;
}

/** How a path is used: what a cleaner heeds is only the lock of flock(2). */
export interface Uses {
  readonly flocks: readonly User[];
  /** POSIX and OFD locks. */
  readonly otherLocks: readonly User[];
  readonly open: readonly User[];
  readonly workingDirectory: readonly User[];
  readonly running: readonly User[];
  /** Where it is a mount point in another mount namespace. */
  readonly mountedElsewhere: readonly User[];
  /** If it is a socket that is bound in another network namespace. */
  readonly boundElsewhere: readonly User[];
  /** Processes that could not be looked into. */
  readonly hidden: number;
}

const MOST = 5;

/** What one process has to do with paths. */
interface Process {
  readonly pid: number;
  readonly workingDirectory: Bytes | undefined;
  readonly running: Bytes | undefined;
  readonly open: readonly Bytes[];
}

/** Who uses what on this host, as it was when this was made: all of /proc is read once, however many paths are asked about. */
export class Usage {
  readonly #processes: readonly Process[];
  readonly #locks: readonly HeldLock[];
  /** A process of each other mount namespace, with the mount points there. */
  readonly #elsewhere = new Map<number, ReadonlySet<Bytes>>();
  /** A process of each other network namespace, with the paths that sockets are bound to there. */
  readonly #sockets = new Map<number, ReadonlySet<Bytes>>();
  readonly #hidden: number;

  constructor() {
    const pids = (procShowsOwnPids() ? runningPids() : []).filter((pid) => pid !== process.pid);
    const looked = pids.map((pid) => [pid, evaluation(pid)] as const);
    this.#processes = looked.flatMap(([, found]) => found ?? []);
    this.#hidden = looked.filter(
      ([pid, found]) => found === undefined && existsSync(`/proc/${pid}/fd`),
    ).length;
    this.#locks = optional(heldLocks) ?? [];
    for (const pid of onePerNamespace(pids, "ns/mnt")) {
      const mounts = optional(() => readMountInfo(pid)) ?? [];
      this.#elsewhere.set(pid, new Set(mounts.map(({ point }) => point)));
    }
    // Of another mount namespace a path is another file.
    const ours = linkOf("self", "ns/mnt");
    const seeingOurs = pids.filter((pid) => linkOf(pid, "ns/mnt") === ours);
    for (const pid of onePerNamespace(seeingOurs, "ns/net"))
      this.#sockets.set(pid, boundSockets(pid) ?? new Set());
  }

  /** Who uses the path, or something below it. */
  of(path: Bytes): Uses {
    const stat = statPreservingAtime(path);
    const locks = stat === undefined ? [] : locksOn(stat, this.#locks);
    const holders = (wanted: (lock: HeldLock) => boolean): User[] =>
      locks.filter(wanted).map(({ pid }) => userOf(pid));
    const users = (uses: (each: Process) => boolean): User[] =>
      this.#processes
        .filter(uses)
        .slice(0, MOST)
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
      .slice(0, MOST)
      .map(([pid]) => userOf(pid));
  }
}

/** One process of each namespace of a kind that is not ours. */
function onePerNamespace(pids: readonly number[], kind: "ns/mnt" | "ns/net"): number[] {
  const known = new Set([linkOf("self", kind)]);
  return pids.filter((pid) => {
    const namespace = linkOf(pid, kind);
    if (namespace === undefined || known.has(namespace)) return false;
    known.add(namespace);
    return true;
  });
}

/** By inode, and device where that is the file system's own: btrfs lists another one than stat(2) tells. */
function locksOn(stat: Stat, locks: readonly HeldLock[]): HeldLock[] {
  const same = locks.filter(({ inode }) => BigInt(inode) === stat.inode);
  const exact = same.filter(
    (each) => each.deviceMajor === stat.deviceMajor && each.deviceMinor === stat.deviceMinor,
  );
  return exact.length > 0 || stat.deviceMajor !== 0 ? exact : same;
}

/** Undefined where the process may not be looked into, or is gone. */
function evaluation(pid: number): Process | undefined {
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

/** Processes come and go, and not all may be looked into. */
function optional<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
