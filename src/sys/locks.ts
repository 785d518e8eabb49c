/** Reads the locks that processes hold: /proc/locks, proc_locks(5). */
import { readFileSync, statSync } from "node:fs";

/** The inode number of the initial pid namespace: the kernel's PROC_PID_INIT_INO. */
const INITIAL_PID_NAMESPACE = 0xeffffffc;

/**
 * The numbers of the inodes with a flock(2), from /proc/locks, which opens no file and disturbs no process. Without
 * devices, because btrfs lists another device there than stat(2) reports; two file systems may share a number, so that
 * membership means "probably locked". Undefined outside the initial pid namespace: the kernel hides the locks of other
 * namespaces there, and absence would prove nothing.
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

/** An entry of /proc/locks. */
export interface HeldLock {
  /** Cleaners respect only flock(2); POSIX and OFD locks come from fcntl(2). */
  readonly kind: "flock" | "posix" | "ofd";
  /** The process that took the lock. It may have exited and left the lock to a child. */
  readonly pid: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly inode: number;
}

const KINDS = { FLOCK: "flock", POSIX: "posix", OFDLCK: "ofd" } as const;

/** The locks visible to this process. Those of other pid namespaces are visible only in the initial one. */
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
