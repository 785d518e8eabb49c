/** The mounts of a process: proc_pid_mountinfo(5). */
import { readFileSync } from "node:fs";
import type { Bytes } from "../base/bytes.js";
import { isBelow } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";

/** A line of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
export interface Mount {
  readonly id: number;
  readonly parentId: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Which directory of the file system is the mount's root; `//deleted` at the end where it was removed since. */
  readonly root: Bytes;
  /** Where it is mounted, as a path below the process's root. */
  readonly point: Bytes;
  /** The mount's own options, as `rw`, `nosuid`. */
  readonly options: readonly string[];
  /** The peer group that it sends to and receives from; undefined where mounts here stay here. */
  readonly shared: number | undefined;
  /** The peer group that it only receives from. */
  readonly master: number | undefined;
  readonly type: string;
  readonly source: Bytes;
  /** The file system's options, as `size=4k`. */
  readonly superOptions: readonly Bytes[];
}

const OCTAL = /\\([0-7]{3})/g;

/** The kernel writes blanks, newlines, backslashes and `#` as three octal digits. */
function unescaped(field: string): Bytes {
  if (!field.includes("\\")) return field as Bytes;
  return field.replace(OCTAL, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  ) as Bytes;
}

export function parseMountInfo(text: Bytes): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split("\n")) {
    const mount = line === "" ? undefined : parseLine(line);
    if (mount !== undefined) mounts.push(mount);
  }
  return mounts;
}

/** Whether anything in our mount namespace waits to be mounted when somebody enters it. */
export function hasAutomounts(): boolean {
  return readFileSync("/proc/self/mountinfo", "latin1").includes(" - autofs ");
}

function parseLine(line: string): Mount | undefined {
  const fields = line.split(" ");
  // The optional fields, none to several, end at a lone dash. A dash in an earlier field is no field of its own.
  const dash = fields.indexOf("-", 6);
  const [id, parentId, device, root, point, options] = fields;
  if (
    dash < 0 ||
    device === undefined ||
    root === undefined ||
    point === undefined ||
    options === undefined
  ) {
    return undefined;
  }
  const [major, minor] = device.split(":");
  const tags = fields.slice(6, dash);
  return {
    id: Number(id),
    parentId: Number(parentId),
    deviceMajor: Number(major),
    deviceMinor: Number(minor),
    root: unescaped(root),
    point: unescaped(point),
    options: options.split(","),
    shared: tagged(tags, "shared:"),
    master: tagged(tags, "master:"),
    type: unescaped(fields[dash + 1] ?? ""),
    source: unescaped(fields[dash + 2] ?? ""),
    superOptions: (fields[dash + 3] ?? "").split(",").map(unescaped),
  };
}

function tagged(tags: readonly string[], prefix: string): number | undefined {
  const tag = tags.find((candidate) => candidate.startsWith(prefix));
  return tag === undefined ? undefined : Number(tag.slice(prefix.length));
}

/** Whose mounts: those of a process by its number, of `self`, of `thread-self`, or of `PID/task/TID`. */
export type WhoseMounts = number | string;

/** @throws SyscallError EACCES or EPERM where the process may not be looked at, ENOENT or ESRCH where it is gone. */
export function readMountInfo(of: WhoseMounts = "thread-self"): Mount[] {
  return parseMountInfo(readProc(`/proc/${of}/mountinfo`));
}

/** A file of /proc, byte for byte. */
function readProc(path: string): Bytes {
  try {
    return readFileSync(path, "latin1") as Bytes;
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    if (code === undefined || errno === undefined) throw error;
    throw new SyscallError(code, -errno, "read", [JSON.stringify(path)], path as Bytes);
  }
}

/**
 * The mount on which a lookup of `path` ends. The file lists mounts in no order that would tell which one covers
 * which, so this follows the parent ids as the kernel's lookup does: from the root, always into the mount that the
 * path meets first.
 */
export function mountAt(mounts: readonly Mount[], path: Bytes): Mount | undefined {
  const ids = new Set(mounts.map((mount) => mount.id));
  let current = mounts.find((mount) => !ids.has(mount.parentId) || mount.parentId === mount.id);
  for (let next = current; next !== undefined; next = nextOnTheWay(mounts, next, path)) current = next;
  return current;
}

function nextOnTheWay(mounts: readonly Mount[], from: Mount, path: Bytes): Mount | undefined {
  let nearest: Mount | undefined;
  for (const mount of mounts) {
    if (mount.parentId !== from.id || mount.id === from.id || !isBelow(path, mount.point)) continue;
    if (nearest === undefined || mount.point.length < nearest.point.length) nearest = mount;
  }
  return nearest;
}
