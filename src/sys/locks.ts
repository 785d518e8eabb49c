/** Locks that others hold: /proc/locks. */
import { readFileSync, statSync } from "node:fs";

/** The inode number of the initial pid namespace: PROC_PID_INIT_INO of the kernel. */
const INITIAL_PID_NAMESPACE = 0xeffffffc;

/**
 * The inode numbers that somebody holds a flock(2) on, by /proc/locks: a look that needs no open and disturbs nobody. Only
 * numbers: two file systems may share one, and btrfs lists another device than stat(2) tells, so that "in the set" means
 * "probably". Undefined where "not in the set" would mean nothing: outside the initial pid namespace, locks that other
 * namespaces hold are hidden.
 */
export function flockedInodes(): ReadonlySet<number> | undefined {
  try {
    if (statSync("/proc/self/ns/pid").ino !== INITIAL_PID_NAMESPACE) return undefined;
    // 1: FLOCK  ADVISORY  WRITE 1234 00:18:42 0 EOF
    const rows = readFileSync("/proc/locks", "latin1").matchAll(/: FLOCK .*? [0-9a-f]+:[0-9a-f]+:(\d+) /g);
    return new Set(Array.from(rows, ([, inode]) => Number(inode)));
  } catch {
    return undefined;
  }
}

/** A lock that somebody holds, as /proc/locks tells it. */
export interface HeldLock {
  /** Only flock(2) counts for a cleaner; POSIX and OFD locks are those of fcntl(2). */
  readonly kind: "flock" | "posix" | "ofd";
  /** Who took it; it may have gone, and left the lock to a child. */
  readonly pid: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly inode: number;
}

const KINDS = { FLOCK: "flock", POSIX: "posix", OFDLCK: "ofd" } as const;

/** The locks that this process may see: not those of other pid namespaces, unless this is the initial one. */
export function heldLocks(): HeldLock[] {
  const rows = readFileSync("/proc/locks", "latin1").matchAll(
    /: (FLOCK|POSIX|OFDLCK) .*? (-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /g,
  );
  return Array.from(rows, ([, kind, pid, major, minor, inode]) => ({
    kind: KINDS[kind as keyof typeof KINDS],
    pid: Number(pid),
    deviceMajor: Number.parseInt(major ?? "", 16),
    deviceMinor: Number.parseInt(minor ?? "", 16),
    inode: Number(inode),
  }));
}
