import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { type Bytes, isBelow } from "../../base/bytes.js";
import type { Stat } from "../../sys/inode.js";
import { type HeldLock, heldLocks } from "../../sys/locks.js";
import { readMountInfo } from "../../sys/mountinfo.js";
import { processStatus, procShowsOwnPids, runningPids } from "../../sys/processes.js";
import { statWithoutTrace } from "./names.js";

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
  /** Processes that could not be looked into. */
  readonly hidden: number;
}

const MOST = 5;

/** Who uses the path, or something below it. */
export function usesOf(path: Bytes): Uses {
  const stat = statWithoutTrace(path);
  const locks = stat === undefined ? [] : locksOn(stat);
  const users = { open: [] as User[], workingDirectory: [] as User[], running: [] as User[] };
  const mountedElsewhere: User[] = [];
  const namespaces = new Set([linkOf("self", "ns/mnt")]);
  let hidden = 0;
  for (const pid of procShowsOwnPids() ? runningPids() : []) {
    if (pid === process.pid) continue;
    if (!look(pid, path, users)) hidden++;
    const namespace = linkOf(pid, "ns/mnt");
    if (namespace === undefined || namespaces.has(namespace)) continue;
    namespaces.add(namespace);
    const mounts = optional(() => readMountInfo(pid)) ?? [];
    if (mounts.some(({ point }) => point === path)) mountedElsewhere.push(userOf(pid));
  }
  const holders = (wanted: (lock: HeldLock) => boolean): User[] =>
    locks.filter(wanted).map(({ pid }) => userOf(pid));
  return {
    flocks: holders(({ kind }) => kind === "flock"),
    otherLocks: holders(({ kind }) => kind !== "flock"),
    ...users,
    mountedElsewhere,
    hidden,
  };
}

/** By inode, and device where that is the file system's own: btrfs lists another one than stat(2) tells. */
function locksOn(stat: Stat): HeldLock[] {
  const locks = optional(heldLocks) ?? [];
  const same = locks.filter(({ inode }) => BigInt(inode) === stat.inode);
  const exact = same.filter(
    (each) => each.deviceMajor === stat.deviceMajor && each.deviceMinor === stat.deviceMinor,
  );
  return exact.length > 0 || stat.deviceMajor !== 0 ? exact : same;
}

type Users = Record<"open" | "workingDirectory" | "running", User[]>;

/** False where the process may not be looked into. */
function look(pid: number, path: Bytes, users: Users): boolean {
  const fds = optional(() => readdirSync(`/proc/${pid}/fd`));
  const uses = (link: Bytes | undefined): boolean => link !== undefined && isBelow(link, path);
  const add = (list: User[]): void => void (list.length < MOST && list.push(userOf(pid)));
  if (uses(linkOf(pid, "cwd"))) add(users.workingDirectory);
  if (uses(linkOf(pid, "exe"))) add(users.running);
  if (fds?.some((fd) => uses(linkOf(pid, `fd/${fd}`)))) add(users.open);
  return fds !== undefined || !existsSync(`/proc/${pid}/fd`);
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
