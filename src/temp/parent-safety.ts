/** Whom to trust with a directory: root and this user. */
import { readFileSync } from "node:fs";
import { S_ISVTX, type Stat } from "../sys/inode.js";

let overflow: number | undefined;

/**
 * Root and this user. In a user namespace without root (a rootless container, `unshare -U`) the host's root shows up
 * as the overflow uid, and nobody else could own `/` there.
 */
export function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.() || uid === rootOutside();
}

/** The uid by which the host's root is seen where this user namespace has no root of its own; -1 where it has. */
function rootOutside(): number {
  overflow ??= hasRoot() ? -1 : Number(readFileSync("/proc/sys/kernel/overflowuid", "latin1"));
  return overflow;
}

function hasRoot(): boolean {
  try {
    // Each line: first uid inside, first uid outside, how many.
    return readFileSync("/proc/self/uid_map", "latin1")
      .trim()
      .split("\n")
      .some((line) => Number(line.trim().split(/\s+/)[0]) === 0);
  } catch {
    return true;
  }
}

/** Why a directory is not one to keep temporary things in, or undefined where it is. */
export function whyUnsafe(stat: Stat): string | undefined {
  if (!isTrusted(stat.uid)) {
    return `belongs to uid ${stat.uid}, who could replace what is made in it (root's or your own would do)`;
  }
  if ((stat.mode & S_ISVTX) !== 0) return undefined;
  if ((stat.mode & 0o002) !== 0) return "everybody may write to it and it is not sticky (chmod +t would do)";
  if ((stat.mode & 0o020) !== 0 && !isOwnGroup(stat)) {
    return `group ${stat.gid} may write to it and it is not sticky (chmod g-w or +t would do)`;
  }
  return undefined;
}

/** Whether others than its owner may put entries into it. */
export function isShared(stat: Stat): boolean {
  return (stat.mode & 0o002) !== 0 || ((stat.mode & 0o020) !== 0 && !isOwnGroup(stat));
}

/** A group that is the user's alone, as Debian and Fedora give each user one: same number, and nobody else's primary. */
function isOwnGroup(stat: Stat): boolean {
  return stat.gid === stat.uid && stat.uid === process.geteuid?.() && stat.gid === process.getegid?.();
}
