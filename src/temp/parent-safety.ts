/** Decides whether a directory is safe for temporary files: only root and this user are trusted. */
import { readFileSync } from "node:fs";
import { S_ISVTX, type Stat } from "../sys/inode.js";

let overflow: number | undefined;

/**
 * Root and this user are trusted. In a user namespace without root (a rootless container, `unshare -U`), the host's root
 * appears as the overflow UID; no other user could own `/` there.
 */
export function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.() || uid === rootOutside();
}

/** The UID as which the host's root appears if this user namespace has no root of its own; -1 if it has one. */
function rootOutside(): number {
  overflow ??= hasRoot() ? -1 : Number(readFileSync("/proc/sys/kernel/overflowuid", "latin1"));
  return overflow;
}

function hasRoot(): boolean {
  try {
    // Each line: first UID inside, first UID outside, length.
    return readFileSync("/proc/self/uid_map", "latin1")
      .trim()
      .split("\n")
      .some((line) => Number(line.trim().split(/\s+/)[0]) === 0);
  } catch {
    return true;
  }
}

/** Why a directory is unsafe for temporary files; undefined if it is safe. */
export function whyUnsafe(stat: Stat): string | undefined {
  if (!isTrusted(stat.uid)) {
    return `belongs to uid ${stat.uid}, who could replace files in it (it must belong to root or you)`;
  }
  if ((stat.mode & S_ISVTX) !== 0) return undefined;
  if ((stat.mode & 0o002) !== 0) return "is world-writable without the sticky bit (fix: chmod +t)";
  if ((stat.mode & 0o020) !== 0 && !isOwnGroup(stat)) {
    return `is writable by group ${stat.gid} without the sticky bit (fix: chmod g-w or chmod +t)`;
  }
  return undefined;
}

/** Whether users other than the owner may create entries in it. */
export function isShared(stat: Stat): boolean {
  return (stat.mode & 0o002) !== 0 || ((stat.mode & 0o020) !== 0 && !isOwnGroup(stat));
}

/** Whether it is a user private group, as on Debian and Fedora: same number as the user, and no other user's primary group. */
function isOwnGroup(stat: Stat): boolean {
  return stat.gid === stat.uid && stat.uid === process.geteuid?.() && stat.gid === process.getegid?.();
}
