/** The system calls that the comparison uses to build and inspect trees, independent of those of the project. */
import { closeSync, constants, openSync } from "node:fs";
import { bind, errno, errnoName } from "#src/sys/ffi.js";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "#src/sys/files.js";

const MS_BIND = 4096;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const AF_UNIX = 1;
const SOCK_STREAM = 1;

const libc = {
  mount: bind<[Buffer, Buffer, Buffer, number, Buffer | null], number>(
    "int mount(const void *source, const void *target, const void *type, unsigned long flags, const void *data)",
  ),
  umount2: bind<[Buffer, number], number>("int umount2(const void *target, int flags)"),
  socket: bind<[number, number, number], number>("int socket(int domain, int type, int protocol)"),
  bindSocket: bind<[number, Buffer, number], number>(
    "int bind(int fd, const void *address, unsigned int length)",
  ),
  mknodat: bind<[number, Buffer, number, bigint], number>(
    "int mknodat(int dirfd, const void *path, unsigned int mode, uint64_t dev)",
  ),
  utimensat: bind<[number, Buffer, Buffer, number], number>(
    "int utimensat(int dirfd, const void *path, const void *times, int flags)",
  ),
  flock: bind<[number, number], number>("int flock(int fd, int operation)"),
  close: bind<[number], number>("int close(int fd)"),
  llistxattr: bind<[Buffer, Buffer, number], number | bigint>(
    "long llistxattr(const void *path, void *list, size_t size)",
  ),
  lgetxattr: bind<[Buffer, Buffer, Buffer, number], number | bigint>(
    "long lgetxattr(const void *path, const void *name, void *value, size_t size)",
  ),
  lsetxattr: bind<[Buffer, Buffer, Buffer, number, number], number>(
    "int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)",
  ),
  ioctl: bind<[number, number, Buffer], number>("int ioctl(int fd, unsigned long request, void *argument)"),
};

const cString = (text: Buffer | string): Buffer =>
  Buffer.concat([typeof text === "string" ? Buffer.from(text, "latin1") : text, Buffer.from([0])]);

function must(result: number | bigint, what: string): number {
  if (Number(result) < 0) throw new Error(`${what}: ${errnoName(errno())}`);
  return Number(result);
}

export function mountTmpfs(target: Buffer): void {
  must(
    libc.mount(cString("tmpfs"), cString(target), cString("tmpfs"), 0, cString("mode=0755")),
    "mount tmpfs",
  );
}

export function mountTmpfsWith(target: Buffer, options: string, flags = 0): void {
  must(
    libc.mount(cString("tmpfs"), cString(target), cString("tmpfs"), flags, cString(options)),
    "mount tmpfs",
  );
}

export function bindMount(source: Buffer, target: Buffer): void {
  must(libc.mount(cString(source), cString(target), cString("none"), MS_BIND, null), "bind mount");
}

export function unmount(target: Buffer): void {
  must(libc.umount2(cString(target), MNT_DETACH | UMOUNT_NOFOLLOW), "umount");
}

/** Closes a descriptor by its number. */
export function close(fd: number): void {
  libc.close(fd);
}

/** Whether a socket can be bound there: the address holds no more. */
export function fitsSocket(path: Buffer): boolean {
  return path.length < 108;
}

/** Binds a socket to `path` and returns its fd: it is live until the fd is closed. */
export function bindSocketAt(path: Buffer): number {
  const fd = must(libc.socket(AF_UNIX, SOCK_STREAM, 0), "socket");
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  path.copy(address, 2);
  must(libc.bindSocket(fd, address, 2 + path.length + 1), "bind");
  return fd;
}

export function mknod(path: Buffer, mode: number, major = 0, minor = 0): void {
  must(
    libc.mknodat(AT_FDCWD, cString(path), mode, (BigInt(major) << 8n) | BigInt(minor)),
    `mknod ${path.toString("latin1")}`,
  );
}

const SECOND = 1_000_000_000n;

export function setTimes(path: Buffer, atime: bigint, mtime: bigint): void {
  const times = Buffer.alloc(32);
  for (const [index, time] of [atime, mtime].entries()) {
    // Before 1970 too the nanoseconds count forward.
    const nanoseconds = ((time % SECOND) + SECOND) % SECOND;
    times.writeBigInt64LE((time - nanoseconds) / SECOND, index * 16);
    times.writeBigInt64LE(nanoseconds, index * 16 + 8);
  }
  must(libc.utimensat(AT_FDCWD, cString(path), times, AT_SYMLINK_NOFOLLOW), "utimensat");
}

/** Takes a flock on `path` and returns the fd that holds it; undefined where another one is held on it already. */
export function lockAt(path: Buffer, exclusive: boolean): number | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if (libc.flock(fd, (exclusive ? 2 : 1) | 4) === 0) return fd;
  closeSync(fd);
  return undefined;
}

export function setXattr(path: Buffer, name: string, value: Buffer): void {
  must(libc.lsetxattr(cString(path), cString(name), value, value.length, 0), `lsetxattr ${name}`);
}

/** The extended attributes, ACLs and file capabilities among them, sorted by name; values as latin1. */
export function xattrs(path: Buffer): Record<string, string> {
  const list = Buffer.alloc(65536);
  const length = Number(libc.llistxattr(cString(path), list, list.length));
  const names = length > 0 ? list.subarray(0, length).toString("latin1").split("\0").slice(0, -1).sort() : [];
  const value = Buffer.alloc(65536);
  return Object.fromEntries(
    names.map((name) => {
      const size = Number(libc.lgetxattr(cString(path), cString(name), value, value.length));
      return [name, size < 0 ? "?" : value.subarray(0, size).toString("hex")];
    }),
  );
}

const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;

/** The file attributes (chattr) of `fd`, or undefined if the file system has none. */
export function fileFlags(fd: number): number | undefined {
  const flags = Buffer.alloc(8);
  return libc.ioctl(fd, FS_IOC_GETFLAGS, flags) < 0 ? undefined : flags.readUInt32LE(0);
}

export function setFileFlags(fd: number, value: number): void {
  const flags = Buffer.alloc(8);
  flags.writeUInt32LE(value, 0);
  must(libc.ioctl(fd, FS_IOC_SETFLAGS, flags), "FS_IOC_SETFLAGS");
}
