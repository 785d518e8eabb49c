import { type Bytes, show } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";

/** What a person reads for an errno; the others are read by their names. */
const ERRNO_WORDS: Readonly<Record<string, string>> = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  EIO: "Input/output error",
  EBADF: "Bad file descriptor",
  EAGAIN: "Resource temporarily unavailable",
  EACCES: "Permission denied",
  EBUSY: "Device or resource busy",
  EEXIST: "File exists",
  EXDEV: "Invalid cross-device link",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  EMFILE: "Too many open files",
  ETXTBSY: "Text file busy",
  EFBIG: "File too large",
  ENOSPC: "No space left on device",
  EROFS: "Read-only file system",
  EMLINK: "Too many links",
  ENAMETOOLONG: "File name too long",
  ENOSYS: "Function not implemented",
  ENOTEMPTY: "Directory not empty",
  ELOOP: "Too many levels of symbolic links",
  EOVERFLOW: "Value too large for defined data type",
  EOPNOTSUPP: "Operation not supported",
  EDQUOT: "Disk quota exceeded",
  ESTALE: "Stale file handle",
};

/** What went wrong at a path, in one line: the path, the reason in words, and for the expert the call that failed. */
export function failure(path: Bytes, error: Error): string {
  const words = error instanceof SyscallError ? errnoWords(error.code) : undefined;
  const text = words === undefined ? error.message : `${words} (${error.message})`;
  return text.includes(show(path)) && words === undefined ? text : `${show(path)}: ${text}`;
}

export function errnoWords(code: string): string | undefined {
  return ERRNO_WORDS[code];
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes in units of 1000, to three digits: `1.23 MB`. */
export function size(count: bigint | number): string {
  let value = Number(count);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit === 0 ? String(value) : value.toPrecision(3);
  return `${text} ${UNITS[unit]}`;
}

/** `1,234 entries`, `1 entry`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** With its thousands apart: `1,234`. Without Intl, whose first use costs more than a small run. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
