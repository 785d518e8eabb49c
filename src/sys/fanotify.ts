/** Marks, reads and decodes fanotify events: fanotify(7). */
import type { Bytes } from "../base/bytes.js";
import { bind, cstring, errno, errnoName } from "./ffi.js";
import { AT_EMPTY_PATH, Fd, pathBelow, requireSuccess } from "./files.js";
import { bytesToRead } from "./ioctl.js";

// fanotify_init(2)
const FAN_CLOEXEC = 0x1;
const FAN_NONBLOCK = 0x2;
export const FAN_UNLIMITED_QUEUE = 0x10;
export const FAN_UNLIMITED_MARKS = 0x20;
export const FAN_REPORT_PIDFD = 0x80;
const FAN_REPORT_FID = 0x200;
const FAN_REPORT_DIR_FID = 0x400;
const FAN_REPORT_NAME = 0x800;
const FAN_REPORT_TARGET_FID = 0x1000;
/** Since Linux 6.14: mount events. A group with this flag receives no other events. */
export const FAN_REPORT_MNT = 0x4000;
export const FAN_REPORT_DFID_NAME_TARGET =
  FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_TARGET_FID;

// fanotify_mark(2)
const FAN_MARK_ADD = 0x1;
export const FAN_MARK_INODE = 0;
export const FAN_MARK_FILESYSTEM = 0x100;
export const FAN_MARK_MNTNS = 0x110;
/** Since Linux 6.0: the mask lists events to ignore; without FAN_ONDIR, only those of files. */
export const FAN_MARK_IGNORE_SURV = 0x440;

export const FAN_MODIFY = 0x2;
export const FAN_ATTRIB = 0x4;
export const FAN_CLOSE_WRITE = 0x8;
export const FAN_CREATE = 0x100;
export const FAN_DELETE = 0x200;
export const FAN_OPEN_EXEC = 0x1000;
export const FAN_Q_OVERFLOW = 0x4000;
export const FAN_MNT_ATTACH = 0x01000000;
export const FAN_MNT_DETACH = 0x02000000;
export const FAN_EVENT_ON_CHILD = 0x08000000;
export const FAN_RENAME = 0x10000000;
export const FAN_ONDIR = 0x40000000;

const METADATA_LENGTH = 24;
/** The types of information records: `struct fanotify_event_info_header`. */
const INFO = { fid: 1, dfidName: 2, dfid: 3, pidfd: 4, mount: 7, oldDfidName: 10, newDfidName: 12 } as const;
const FSID_LENGTH = 8;
const HANDLE_HEADER_LENGTH = 8;
const MAX_HANDLE_SIZE = 128;
/** Since Linux 6.5: a handle that may not be decodable; overlayfs supports this one. */
const AT_HANDLE_FID = 0x200;

const libc = {
  fanotify_init: bind<[number, number], number>(
    "int fanotify_init(unsigned int flags, unsigned int event_f_flags)",
  ),
  fanotify_mark: bind<[number, number, number, number, null], number>(
    "int fanotify_mark(int fanotify_fd, unsigned int flags, uint64_t mask, int dirfd, const void *pathname)",
  ),
  name_to_handle_at: bind<[number, Buffer, Buffer, Buffer, number], number>(
    "int name_to_handle_at(int dirfd, const void *pathname, void *handle, void *mount_id, int flags)",
  ),
  open_by_handle_at: bind<[number, Buffer, number], number>(
    "int open_by_handle_at(int mount_fd, void *handle, int flags)",
  ),
  fstatfs: bind<[number, Buffer], number>("int fstatfs(int fd, void *buffer)"),
  read: bind<[number, Buffer, number], number | bigint>("long read(int fd, void *buffer, size_t count)"),
};

/**
 * Identifies an inode on this host, as in events: the file system's id and the inode's handle, as bytes.
 * A handle includes the inode's generation, so a reused inode number gives another key.
 */
export type InodeKey = Bytes & { readonly inodeKey?: never };

/** A decoded event. For an event on a name, `directory` is the parent; a rename has `from` and `to` instead. */
export interface FanotifyEvent {
  readonly mask: number;
  /** In the reader's pid namespace; 0 if the process is outside it. */
  readonly pid: number;
  /** For content events, if the group reports them: an open fd that the reader must close. Otherwise -1. */
  readonly fd: number;
  pidfd?: number;
  at?: NameInDirectory;
  from?: NameInDirectory;
  to?: NameInDirectory;
  target?: InodeKey;
  /** The number of lost events, if known. */
  lost?: number;
  /** For a mount event: the mount's unique id. */
  mount?: bigint;
}

export interface NameInDirectory {
  readonly directory: InodeKey;
  readonly name: Bytes;
}

export function fanotifyInit(flags: number, eventFlags = 0): Fd {
  const number = libc.fanotify_init(flags | FAN_CLOEXEC | FAN_NONBLOCK, eventFlags);
  requireSuccess(number, "fanotify_init", "fanotify" as Bytes, () => [`0x${flags.toString(16)}`]);
  return new Fd(number, "fanotify" as Bytes);
}

/** Marks the open inode `of`, which must not be an O_PATH fd: fanotify_mark(2). */
export function fanotifyMark(group: Fd, kind: number, mask: number, of: Fd): void {
  const result = libc.fanotify_mark(group.number, FAN_MARK_ADD | kind, mask, of.number, null);
  requireSuccess(result, "fanotify_mark", of.path, () => [
    `${group}`,
    `0x${kind.toString(16)}`,
    `0x${mask.toString(16)}`,
    `${of}`,
  ]);
}

/** Reads as many queued events as fit. Returns the number of bytes, 0 if none are queued. */
export function readEvents(group: Fd, buffer: Buffer): number {
  const length = Number(libc.read(group.number, buffer, buffer.length));
  if (length >= 0) return length;
  const code = errnoName(errno());
  if (code === "EAGAIN" || code === "EINTR") return 0;
  return requireSuccess(-1, "read", group.path, () => [`${group}`]);
}

/** How many events are queued. The kernel counts the metadata of each, without what follows it. */
export function queuedEvents(group: Fd): number {
  return bytesToRead(group) / METADATA_LENGTH;
}

/** Decodes the result of one read(2). */
export function* decodeEvents(buffer: Buffer, length: number): Generator<FanotifyEvent> {
  for (let at = 0; at + METADATA_LENGTH <= length; ) {
    const end = at + buffer.readUInt32LE(at);
    const event: FanotifyEvent = {
      mask: Number(buffer.readBigUInt64LE(at + 8)),
      fd: buffer.readInt32LE(at + 16),
      pid: buffer.readInt32LE(at + 20),
    };
    for (let info = at + buffer.readUInt16LE(at + 6); info < end; info += buffer.readUInt16LE(info + 2)) {
      decodeInfo(event, buffer, info);
    }
    yield event;
    at = end;
  }
}

function decodeInfo(event: FanotifyEvent, buffer: Buffer, at: number): void {
  switch (buffer[at]) {
    case INFO.pidfd:
      event.pidfd = buffer.readInt32LE(at + 4);
      break;
    case INFO.mount:
      event.mount = buffer.readBigUInt64LE(at + 8);
      break;
    case INFO.fid:
      event.target = inodeKey(buffer, at);
      break;
    case INFO.dfidName:
      event.at = nameInDirectory(buffer, at);
      break;
    case INFO.dfid:
      event.at = { directory: inodeKey(buffer, at), name: "." as Bytes };
      break;
    case INFO.oldDfidName:
      event.from = nameInDirectory(buffer, at);
      break;
    case INFO.newDfidName:
      event.to = nameInDirectory(buffer, at);
      break;
  }
}

const handleEnd = (buffer: Buffer, info: number): number =>
  info + 4 + FSID_LENGTH + HANDLE_HEADER_LENGTH + buffer.readUInt32LE(info + 4 + FSID_LENGTH);

function inodeKey(buffer: Buffer, info: number): InodeKey {
  return buffer.toString("latin1", info + 4, handleEnd(buffer, info)) as InodeKey;
}

function nameInDirectory(buffer: Buffer, info: number): NameInDirectory {
  const start = handleEnd(buffer, info);
  const name = buffer.toString("latin1", start, buffer.indexOf(0, start)) as Bytes;
  return { directory: inodeKey(buffer, info), name };
}

/** The file system's id as in events: 8 bytes. */
export function fileSystemId(of: Fd): Bytes {
  const statfs = Buffer.alloc(160);
  requireSuccess(libc.fstatfs(of.number, statfs), "fstatfs", of.path, () => [`${of}`]);
  // f_fsid follows f_type, f_bsize and five counters of 64 bits each.
  return statfs.toString("latin1", 56, 56 + FSID_LENGTH) as Bytes;
}

const handleBuffer = Buffer.alloc(HANDLE_HEADER_LENGTH + MAX_HANDLE_SIZE);
const mountIdBuffer = Buffer.alloc(4);

/** The key that events use for `name` in `dir` (for `dir` itself if the name is empty). Follows no symlink. */
export function keyOf(fileSystem: Bytes, dir: Fd, name: Bytes = "" as Bytes): InodeKey {
  const handle = handleBuffer;
  const path = cstring(name);
  const flags = name === "" ? AT_EMPTY_PATH : 0;
  let result = -1;
  for (const how of [flags, flags | AT_HANDLE_FID]) {
    handle.writeUInt32LE(MAX_HANDLE_SIZE, 0);
    result = libc.name_to_handle_at(dir.number, path, handle, mountIdBuffer, how);
    if (result === 0) break;
  }
  requireSuccess(result, "name_to_handle_at", pathBelow(dir, name), () => [`${dir}`, JSON.stringify(name)]);
  const length = HANDLE_HEADER_LENGTH + handle.readUInt32LE(0);
  return (fileSystem + handle.toString("latin1", 0, length)) as InodeKey;
}

/** The file system id in a key. */
export function fileSystemOf(key: string): Bytes {
  return key.slice(0, FSID_LENGTH) as Bytes;
}

/** Opens an inode by its handle, wherever it is now. Needs CAP_DAC_READ_SEARCH. @throws SyscallError ESTALE if it no longer exists. */
export function openByKey(mount: Fd, key: InodeKey, flags: number): Fd {
  const handle = Buffer.from(key.slice(FSID_LENGTH), "latin1");
  const number = libc.open_by_handle_at(mount.number, handle, flags);
  requireSuccess(number, "open_by_handle_at", mount.path, () => [`${mount}`]);
  return new Fd(number, mount.path);
}
