/** Identifies file systems: statfs(2). */
import { bind } from "./ffi.js";
import { type Fd, requireSuccess } from "./files.js";

const fstatfs = bind<[number, Buffer], number>("int fstatfs(int fd, void *buffer)");

const AUTOFS_MAGIC = 0x0187;
export const BTRFS_MAGIC = 0x9123683e;

/** The magic number of an fd's file system (O_PATH works): statfs(2). */
export function fileSystemMagic(fd: Fd): number {
  const buffer = Buffer.alloc(256);
  requireSuccess(
    fstatfs(fd.number, buffer),
    "fstatfs",
    () => fd.path,
    () => [`${fd}`],
  );
  return buffer.readUInt32LE(0);
}

/** Whether the fd is an untriggered automount point. Accessing its contents would trigger the mount, or hang. */
export function isAutofs(fd: Fd): boolean {
  return fileSystemMagic(fd) === AUTOFS_MAGIC;
}

/** NFS, SMB (two numbers), Ceph, AFS (two), Coda, 9P, Lustre, GPFS, BeeGFS, OrangeFS, OCFS2, GFS2, and FUSE. */
const REMOTE: ReadonlySet<number> = new Set([
  0x6969, 0xff534d42, 0xfe534d42, 0x00c36400, 0x5346414f, 0x6b414653, 0x73757245, 0x01021997, 0x0bd00bd0,
  0x47504653, 0x19830326, 0x20030528, 0x7461636f, 0x01161970, 0x65735546,
]);

/**
 * Whether other hosts may use the file system of an open fd. There, a lock on a directory is known to this host alone. FUSE
 * does not say what is behind it.
 */
export function isRemote(fd: number): boolean {
  const buffer = Buffer.alloc(256);
  return fstatfs(fd, buffer) === 0 && REMOTE.has(buffer.readUInt32LE(0));
}

/** ext2/3/4, XFS, Btrfs, F2FS, tmpfs. */
const KEEP_CHANGE_TIMES: ReadonlySet<number> = new Set([
  0xef53,
  0x58465342,
  BTRFS_MAGIC,
  0xf2f52010,
  0x01021994,
]);

/** Whether the file system updates ctime with each change, as POSIX requires, and never lets users set it. */
export function keepsChangeTimes(fd: Fd): boolean {
  return KEEP_CHANGE_TIMES.has(fileSystemMagic(fd));
}
