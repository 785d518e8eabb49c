/** Finds a place for an unfinished inode: a temporary name in the directory itself, or a private directory in it. */
import { type Bytes, dirname, join } from "../base/bytes.js";
import { failedWith, SyscallError } from "../base/errors.js";
import { entries, openDirectory } from "../sys/directory.js";
import { AT_REMOVEDIR, Fd, flock, LOCK_EX, LOCK_NB, mkdirat, O_NOFOLLOW, tryUnlinkat } from "../sys/files.js";
import { isDirectory, S_ISVTX, type Stat, sameInode, statx } from "../sys/inode.js";
import { randomHex } from "../sys/random.js";
import { removeTree } from "./tree.js";

const STATX_ATTR_APPEND = 0x20;
const WRITABLE_BY_OTHERS = 0o022;
const ACCESSIBLE_TO_OTHERS = 0o077;
const PRIVATE_MODE = 0o700;
/** In a private directory, everything else shows that this directory is somebody's own. */
const UNFINISHED = ".mayfly-unfinished" as Bytes;

/** Where one inode is created and completed before it gets its name. */
export interface Workplace {
  /** The private directory; undefined if the place is the directory of the future name. */
  readonly room: Fd | undefined;
  /** The temporary name. */
  readonly name: Bytes;
  /** The same, from the directory of the future name. */
  readonly path: Bytes;
}

/**
 * A place where no other user can replace the inode that is to become `name` in `dir`. `name` itself is the only name that
 * the others get to see there. The place, too, always has the same name, so that the next run finds what a killed run left.
 *
 * @returns undefined if nothing can be renamed in `dir`.
 */
export function openWorkplace(dir: Fd, name: Bytes): Workplace | undefined {
  const above = statx(dir);
  if (isAppendOnly(above)) return undefined;
  if (!isProtected(above)) return privateWorkplace(dir, above, name);
  const temporary = freeName(dir, above, name);
  return { room: undefined, name: temporary, path: temporary };
}

/** Removes the private directory once it is empty. */
export function closeWorkplace({ room, path }: Workplace, dir: Fd): void {
  if (room === undefined) return;
  tryUnlinkat(dir, dirname(path), AT_REMOVEDIR);
  room.close();
}

/** Removes the empty private directory that a run left if it was killed just after `name` had appeared. */
export function removeEmptyRoom(dir: Fd, name: Bytes): void {
  if (process.geteuid?.() === 0 && !isProtected(statx(dir))) tryUnlinkat(dir, usualName(name), AT_REMOVEDIR);
}

/**
 * A temporary name in `dir` for the future `name`; undefined if nothing can be renamed, or if others can. It is always the
 * same, so that the next run finds and removes what a killed run left without listing the directory. If it is taken, or
 * another run uses it, it gets a random suffix.
 */
export function temporaryName(dir: Fd, name: Bytes): Bytes | undefined {
  const above = statx(dir);
  return isAppendOnly(above) || !isProtected(above) ? undefined : freeName(dir, above, name);
}

const usualName = (name: Bytes): Bytes => `.mayfly-${hash(name)}` as Bytes;

const withSuffix = (name: Bytes): Bytes => `${name}-${randomHex(8)}` as Bytes;

function freeName(dir: Fd, above: Stat, name: Bytes): Bytes {
  const usual = usualName(name);
  return removeLeftover(dir, above, usual) ? usual : withSuffix(usual);
}

/** True if the name is free now. */
function removeLeftover(dir: Fd, above: Stat, name: Bytes): boolean {
  const stat = statIfThere(dir, name);
  if (stat === undefined) return true;
  if (!isOurs(stat) && (above.mode & WRITABLE_BY_OTHERS) !== 0) return false;
  if (!isDirectory(stat)) return tryUnlinkat(dir, name) === undefined;
  try {
    using open = openDirectory(dir, name, O_NOFOLLOW);
    if (!sameInode(statx(open), stat) || !flock(open, LOCK_EX | LOCK_NB)) return false;
    return removeTree(dir, name).left.length === 0;
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}

function statIfThere(dir: Fd, name: Bytes): Stat | undefined {
  try {
    return statx(dir, name);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Only root: others cannot move every directory out of the private one. */
function privateWorkplace(dir: Fd, above: Stat, name: Bytes): Workplace | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const usual = usualName(name);
  for (const candidate of [usual, withSuffix(usual)]) {
    const room = openPrivate(dir, above, candidate);
    if (room !== undefined) return { room, name: UNFINISHED, path: join(candidate, UNFINISHED) };
  }
  return undefined;
}

/**
 * Another user may move any directory of ours to this name. It does no harm if that one is as private and empty: nobody else
 * can reach what is created in it.
 */
function openPrivate(dir: Fd, above: Stat, name: Bytes): Fd | undefined {
  let room: Fd | undefined;
  try {
    makeUnlessThere(dir, name);
    // In messages, it has the path of the directory that it is in.
    room = new Fd(openDirectory(dir, name, O_NOFOLLOW).number, "" as Bytes, dir);
    if (isPrivate(statx(room), above) && flock(room, LOCK_EX | LOCK_NB) && isUsable(dir, name, room))
      return room;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
  room?.close();
  return undefined;
}

function makeUnlessThere(dir: Fd, name: Bytes): void {
  try {
    mkdirat(dir, name, PRIVATE_MODE);
  } catch (error) {
    if (!failedWith(error, "EEXIST")) throw error;
  }
}

/** Not on another mount: its owner may be what a FUSE daemon of another user says. */
function isPrivate(room: Stat, above: Stat): boolean {
  const { mode, mountId, isMountRoot } = room;
  return isOurs(room) && (mode & ACCESSIBLE_TO_OTHERS) === 0 && mountId === above.mountId && !isMountRoot;
}

/** Whether it holds at most what a killed run left, which is removed. False if another run has just removed `room` itself. */
function isUsable(dir: Fd, name: Bytes, room: Fd): boolean {
  for (const entry of entries(room)) if (entry.name !== UNFINISHED) return false;
  if (removeTree(room, UNFINISHED).left.length > 0) return false;
  const there = statIfThere(dir, name);
  return there !== undefined && sameInode(there, statx(room));
}

const isAppendOnly = ({ attributes }: Stat): boolean => (attributes & STATX_ATTR_APPEND) !== 0;

/** Whether no other user can rename what is ours in this directory. */
function isProtected(directory: Stat): boolean {
  const { mode } = directory;
  return isOurs(directory) && ((mode & WRITABLE_BY_OTHERS) === 0 || (mode & S_ISVTX) !== 0);
}

const isOurs = ({ uid }: Stat): boolean => uid === process.geteuid?.();

/** FNV-1a, twice with different starts: 64 bits, so that no two names of a directory collide. */
function hash(name: Bytes): string {
  return [0x811c9dc5, 0x9747b28c].map((start) => fnv(name, start).toString(16).padStart(8, "0")).join("");
}

function fnv(name: Bytes, start: number): number {
  let value = start;
  for (let at = 0; at < name.length; at++) value = Math.imul(value ^ name.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
