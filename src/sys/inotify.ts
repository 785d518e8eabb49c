/** Watches directories with inotify: inotify(7). */
import type { Bytes } from "../base/bytes.js";
import { bind, cstring, errno, errnoName } from "./ffi.js";
import { Fd, O_NONBLOCK, procPath, requireSuccess } from "./files.js";

// inotify(7)
export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_ONLYDIR = 0x01000000;
export const IN_EXCL_UNLINK = 0x04000000;
const IN_CLOEXEC = 0o2000000;
const HEADER_LENGTH = 16;

const libc = {
  inotify_init1: bind<[number], number>("int inotify_init1(int flags)"),
  inotify_add_watch: bind<[number, Buffer, number], number>(
    "int inotify_add_watch(int fd, const void *path, uint32_t mask)",
  ),
  read: bind<[number, Buffer, number], number | bigint>("long read(int fd, void *buffer, size_t count)"),
};

export interface InotifyEvent {
  readonly watch: number;
  readonly mask: number;
  /** Connects the two events of a rename. */
  readonly cookie: number;
  readonly name: Bytes;
}

export function inotifyInit(): Fd {
  const number = libc.inotify_init1(IN_CLOEXEC | O_NONBLOCK);
  requireSuccess(number, "inotify_init1", "inotify" as Bytes, () => []);
  return new Fd(number, "inotify" as Bytes);
}

/** Watches the open inode. Watching it again returns the same watch descriptor. */
export function addWatch(inotify: Fd, directory: Fd, mask: number): number {
  const number = libc.inotify_add_watch(inotify.number, cstring(procPath(directory)), mask);
  return requireSuccess(number, "inotify_add_watch", directory.path, () => [`${inotify}`, `${directory}`]);
}

/** Reads as many queued events as fit, without blocking. */
export function readInotify(inotify: Fd, buffer: Buffer): InotifyEvent[] {
  const length = Number(libc.read(inotify.number, buffer, buffer.length));
  if (length < 0) {
    const code = errnoName(errno());
    if (code === "EAGAIN" || code === "EINTR") return [];
    requireSuccess(-1, "read", inotify.path, () => [`${inotify}`]);
  }
  const events: InotifyEvent[] = [];
  for (let at = 0; at + HEADER_LENGTH <= length; at += HEADER_LENGTH + buffer.readUInt32LE(at + 12)) {
    const start = at + HEADER_LENGTH;
    const padded = buffer.toString("latin1", start, start + buffer.readUInt32LE(at + 12));
    events.push({
      watch: buffer.readInt32LE(at),
      mask: buffer.readUInt32LE(at + 4),
      cookie: buffer.readUInt32LE(at + 8),
      name: padded.replace(/\0+$/, "") as Bytes,
    });
  }
  return events;
}
