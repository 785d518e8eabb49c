/** Creates and changes mounts by fd: open_tree(2), move_mount(2), mount_setattr(2). */
import { readSync } from "node:fs";
import { type Bytes, bytes, EMPTY, escapeForDisplay, fromBuffer } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { bind, bindSyscall, cstring } from "./ffi.js";
import { AT_EMPTY_PATH, AT_FDCWD, checkAt, Fd, readlinkat, requireSuccess } from "./files.js";

export const MOUNT_ATTR_RDONLY = 0x01;
export const MOUNT_ATTR_NOSUID = 0x02;
export const MOUNT_ATTR_NODEV = 0x04;
export const MOUNT_ATTR_NOEXEC = 0x08;
const MOUNT_ATTR_NOATIME = 0x10;
export const MOUNT_ATTR_NOSYMFOLLOW = 0x200000;
const MOUNT_ATTR_ATIME_MASK = 0x70;
export const MS_PRIVATE = 1 << 18;
export const MS_SLAVE = 1 << 19;

const MNT_DETACH = 2;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;

// Newer than 5.1, so they have the same number everywhere.
const libc = {
  openTree: bindSyscall<[number, Buffer, number]>(428, "int dirfd, const void *path, unsigned int flags"),
  moveMount: bindSyscall<[number, Buffer, number, Buffer, number]>(
    429,
    "int from_dirfd, const void *from, int to_dirfd, const void *to, unsigned int flags",
  ),
  fsopen: bindSyscall<[Buffer, number]>(430, "const void *name, unsigned int flags"),
  fsconfig: bindSyscall<[number, number, Buffer | null, Buffer | null, number]>(
    431,
    "int fd, unsigned int command, const void *key, const void *value, int aux",
  ),
  fsmount: bindSyscall<[number, number, number]>(432, "int fd, unsigned int flags, unsigned int attributes"),
  mountSetattr: bindSyscall<[number, Buffer, number, Buffer, number]>(
    442,
    "int dirfd, const void *path, unsigned int flags, const void *attributes, size_t size",
  ),
  umount2: bind<[Buffer, number], number>("int umount2(const void *target, int flags)"),
};

/**
 * A detached copy of the mount of `fd`, with `fd` as its root: an unattached bind mount.
 *
 * @throws SyscallError EINVAL if the mount is not in the caller's mount namespace.
 */
export function cloneMount(fd: Fd): Fd {
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  const number = libc.openTree(fd.number, cstring(EMPTY), flags | AT_EMPTY_PATH);
  checkAt(number, "open_tree", fd, EMPTY, "OPEN_TREE_CLONE|AT_EMPTY_PATH");
  return new Fd(Number(number), EMPTY, fd);
}

/** Attaches a detached mount at the open inode `target`. */
export function attachMount(mount: Fd, target: Fd): void {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  const result = libc.moveMount(mount.number, cstring(EMPTY), target.number, cstring(EMPTY), flags);
  checkAt(result, "move_mount", mount, EMPTY, () => `${target}`);
}

/**
 * Reads the target of an open symlink through a noatime copy of its mount, so that its access time does not change.
 * Without the privilege to create that copy, the access time changes.
 */
export function readlinkPreservingAtime(link: Fd): Bytes {
  try {
    using copy = cloneMount(link);
    changeMount(copy, { set: MOUNT_ATTR_NOATIME });
    return readlinkat(copy, EMPTY);
  } catch (error) {
    if (!failedWith(error, "EPERM", "EINVAL", "ENOSYS")) throw error;
    return readlinkat(link, EMPTY);
  }
}

export interface MountChange {
  /** MOUNT_ATTR_* bits to set and to clear. */
  readonly set?: number;
  readonly clear?: number;
  /** One of MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE. */
  readonly propagation?: number;
  /** Apply to the mounts below as well. */
  readonly recursive?: boolean;
}

/** mount_setattr(2), since Linux 5.12, of the mount whose root `fd` holds. */
export function changeMount(fd: Fd, change: MountChange): void {
  const set = change.set ?? 0;
  // The access time setting is a multi-bit field, which must be cleared to set a value.
  const clear = (change.clear ?? 0) | ((set & MOUNT_ATTR_ATIME_MASK) !== 0 ? MOUNT_ATTR_ATIME_MASK : 0);
  const attributes = Buffer.alloc(32);
  attributes.writeBigUInt64LE(BigInt(set), 0);
  attributes.writeBigUInt64LE(BigInt(clear), 8);
  attributes.writeBigUInt64LE(BigInt(change.propagation ?? 0), 16);
  const flags = AT_EMPTY_PATH | (change.recursive === true ? AT_RECURSIVE : 0);
  const result = libc.mountSetattr(fd.number, cstring(EMPTY), flags, attributes, attributes.length);
  checkAt(result, "mount_setattr", fd, EMPTY, () => `set=${set}, clear=${clear}`);
}

/** A new file system, as a detached mount: fsopen, fsconfig, fsmount. `true` sets an option that has no value. */
export function newMount(
  type: string,
  options: Readonly<Record<string, string | true>>,
  attributes: number,
): Fd {
  const opened = requireSuccess(
    libc.fsopen(cstring(bytes(type)), FSOPEN_CLOEXEC),
    "fsopen",
    bytes(type),
    () => [type],
  );
  using context = new Fd(opened, bytes(type));
  try {
    for (const [key, value] of Object.entries(options)) configure(context, key, value);
    const result = libc.fsconfig(context.number, FSCONFIG_CMD_CREATE, null, null, 0);
    checkAt(result, "fsconfig", context, EMPTY, "create");
  } catch (error) {
    const reason = failedWith(error, "EINVAL") ? reasonOf(context) : "";
    throw reason === "" ? error : new Error(reason, { cause: error });
  }
  const number = libc.fsmount(context.number, FSMOUNT_CLOEXEC, attributes);
  checkAt(number, "fsmount", context, EMPTY, `attributes=${attributes}`);
  return new Fd(Number(number), bytes(type));
}

/** The kernel's message for the last failure, such as `e tmpfs: Bad value for 'size'`; empty if there is none. */
function reasonOf(context: Fd): string {
  const buffer = Buffer.alloc(1024);
  try {
    const length = readSync(context.number, buffer);
    return escapeForDisplay(fromBuffer(buffer.subarray(0, length))).replace(/^[ewi] |\\n$/g, "");
  } catch {
    return "";
  }
}

function configure(context: Fd, key: string, value: string | true): void {
  const command = value === true ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
  const text = value === true ? null : cstring(bytes(value));
  const result = libc.fsconfig(context.number, command, cstring(bytes(key)), text, 0);
  checkAt(result, "fsconfig", context, EMPTY, value === true ? key : `${key}=${value}`);
}

/** Detaches the mount at `path` (MNT_DETACH). Processes that use it can continue to. */
export function detachMount(path: Bytes): void {
  checkAt(libc.umount2(cstring(path), MNT_DETACH), "umount2", new Fd(AT_FDCWD, path), path, "MNT_DETACH");
}

/** Unmounts `path`; all data is on the device on return. @throws SyscallError EBUSY if it is in use. */
export function unmount(path: Bytes): void {
  checkAt(libc.umount2(cstring(path), 0), "umount2", new Fd(AT_FDCWD, path), path, "0");
}
