/** Reads and sets extended attributes: xattr(7). */
import { type Bytes, escapeForDisplay, fromBuffer } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { bind, cstring } from "./ffi.js";
import { type Fd, procPath, requireSuccess } from "./files.js";

// Through the magic link in /proc, since fsetxattr rejects O_PATH fds. The link resolves to a symlink itself, not its target.
const libc = {
  getxattr: bind<[Buffer, Buffer, Buffer, number], number | bigint>(
    "long getxattr(const void *path, const void *name, void *value, size_t size)",
  ),
  setxattr: bind<[Buffer, Buffer, Buffer, number, number], number>(
    "int setxattr(const void *path, const void *name, const void *value, size_t size, int flags)",
  ),
  listxattr: bind<[Buffer, Buffer, number], number | bigint>(
    "long listxattr(const void *path, void *list, size_t size)",
  ),
};

/** XATTR_SIZE_MAX, in bytes: the limit of a value and of the list of names. */
const MOST = 65536;
const NO_ROOM = Buffer.alloc(0);

/** Sets an extended attribute of an open inode (O_PATH works): setxattr(2). */
export function setXattr(fd: Fd, name: Bytes, value: Uint8Array): void {
  const result = libc.setxattr(cstring(procPath(fd)), cstring(name), Buffer.from(value), value.length, 0);
  checked(result, "setxattr", fd, name);
}

/** The value of an attribute; undefined if it is not set or the file system does not support it. */
export function getXattr(fd: Fd, name: Bytes): Buffer | undefined {
  const value = Buffer.alloc(MOST);
  const result = libc.getxattr(cstring(procPath(fd)), cstring(name), value, value.length);
  const length = missing(() => checked(result, "getxattr", fd, name), "ENODATA", "EOPNOTSUPP");
  return length === undefined ? undefined : value.subarray(0, length);
}

/** The names of all visible extended attributes; empty if the file system does not support them. */
export function listXattrs(fd: Fd): Bytes[] {
  // Most inodes have none, and need no room for them.
  if (listInto(fd, NO_ROOM) === 0) return [];
  const list = Buffer.alloc(MOST);
  const length = listInto(fd, list);
  return fromBuffer(list.subarray(0, length)).split("\0").slice(0, -1) as Bytes[];
}

/** The length of the list; without room for it, nothing else. */
function listInto(fd: Fd, list: Buffer): number {
  const result = libc.listxattr(cstring(procPath(fd)), list, list.length);
  return missing(() => checked(result, "listxattr", fd, "" as Bytes), "EOPNOTSUPP") ?? 0;
}

function checked(result: number | bigint, syscall: string, fd: Fd, name: Bytes): number {
  return requireSuccess(
    result,
    syscall,
    () => fd.path,
    () => [`${fd}`, JSON.stringify(escapeForDisplay(name))],
  );
}

function missing(call: () => number, ...codes: string[]): number | undefined {
  try {
    return call();
  } catch (error) {
    if (failedWith(error, ...codes)) return undefined;
    throw error;
  }
}
