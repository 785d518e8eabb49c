/** Numbers, sizes and failures as all commands print them. */
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { errnoWords } from "../base/errno-words.js";
import { SyscallError } from "../base/errors.js";
import type { Nanoseconds } from "../base/time.js";
import { SECOND } from "../base/time.js";

/** A path for people: escaped, with blanks at its end visible. */
export function shownPath(path: Bytes): string {
  return escapeForDisplay(path).replace(/ +$/, (blanks) => "\\x20".repeat(blanks.length));
}

/** An error as one line: the path, the reason, and the system call that failed. */
export function failure(path: Bytes, error: Error): string {
  const words = error instanceof SyscallError ? errnoWords(error.code) : undefined;
  const text = words === undefined ? error.message : `${words} (${error.message})`;
  return text.includes(escapeForDisplay(path)) && words === undefined
    ? text
    : `${escapeForDisplay(path)}: ${text}`;
}

/** The purpose of a system call, for messages; calls that are not listed appear by name. */
const PURPOSES: Readonly<Record<string, string>> = {
  openat: "open",
  openat2: "open",
  resolve: "open",
  read: "read",
  readlinkat: "read",
  write: "write",
  ftruncate: "truncate",
  statx: "examine",
  mkdirat: "create",
  mknodat: "create",
  symlinkat: "create",
  linkat: "link",
  renameat2: "rename",
  unlinkat: "remove",
  flock: "lock",
  fchmodat: "change the mode",
  fchownat: "change the owner",
  utimensat: "set the times",
};

/** An error as one line without the system call: the path, the operation, and the reason. */
export function plainFailure(path: Bytes, error: Error): string {
  if (!(error instanceof SyscallError)) return failure(path, error);
  const purpose = PURPOSES[error.syscall];
  const what = purpose === undefined ? `${error.syscall} failed` : `cannot ${purpose}`;
  const elsewhere = error.path === undefined || error.path === escapeForDisplay(path) ? "" : ` ${error.path}`;
  return `${escapeForDisplay(path)}: ${what}${elsewhere}: ${errnoWords(error.code) ?? error.code}`;
}

const UNITS = ["B", "K", "M", "G", "T", "P"];

/** Bytes in steps of 1024, as ls -h and du -h print them: `3.4M`. */
export function size(count: number): string {
  let value = count;
  let unit = 0;
  // A value that would round to 1024 is shown in the next unit.
  for (; value >= 1023.5 && unit < UNITS.length - 1; unit++) value /= 1024;
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)}${UNITS[unit]}`;
}

const SPANS = [
  [86_400n, "d"],
  [3600n, "h"],
  [60n, "min"],
] as const;

/** A time span in its largest unit, rounded down: `3d`. */
export function ageText(age: Nanoseconds): string {
  const seconds = age / SECOND;
  for (const [length, unit] of SPANS) if (seconds >= length) return `${seconds / length}${unit}`;
  return `${seconds}s`;
}

/** `1,234 entries`, `1 entry`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** Separates thousands: `1,234`. Does not use Intl, whose first use takes longer than a small run. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
