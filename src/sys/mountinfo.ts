/** Reads the mounts of a process: proc_pid_mountinfo(5). */
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
  /** The mount's root as a path in its file system; ends in `//deleted` if it was removed. */
  readonly root: Bytes;
  /** The mount point, relative to the process's root. */
  readonly point: Bytes;
  /** The per-mount options, such as `rw` and `nosuid`. */
  readonly options: readonly string[];
  /** The peer group with which it exchanges mount events; undefined if the mount is not shared. */
  readonly shared: number | undefined;
  /** The peer group from which it only receives mount events. */
  readonly master: number | undefined;
  readonly type: string;
  readonly source: Bytes;
  /** The file system's options, such as `size=4k`. */
  readonly superOptions: readonly Bytes[];
}

const OCTAL = /\\([0-7]{3})/g;

/** The kernel escapes blanks, newlines, backslashes and `#` as a backslash and three octal digits. */
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

/** Whether this mount namespace has an automount point. */
export function hasAutomounts(): boolean {
  return readFileSync("/proc/self/mountinfo", "latin1").includes(" - autofs ");
}

function parseLine(line: string): Mount | undefined {
  const fields = line.split(" ");
  // A lone dash ends the optional fields. A dash within an earlier field is not a field of its own.
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

/** A directory name in /proc: a PID, `self`, `thread-self` or `PID/task/TID`. */
export type WhoseMounts = number | string;

/** @throws SyscallError EACCES or EPERM if the process may not be inspected, ENOENT or ESRCH if it has exited. */
export function readMountInfo(of: WhoseMounts = "thread-self"): Mount[] {
  return parseMountInfo(readProc(`/proc/${of}/mountinfo`));
}

/** Reads a file of /proc as bytes. */
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
 * The mount on which a lookup of `path` ends. The order of mountinfo does not show which mount covers which, so this
 * follows the parent ids as the kernel's lookup does: from the root, each time into the first mount on the
 * path.
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
