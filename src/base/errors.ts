/** The three kinds of errors: a failed system call, a refusal, and a diagnostic about a line. */
import { type Bytes, escapeForDisplay } from "./bytes.js";

/** A system call that failed. Its message is the call as it was made: `openat(7</tmp>, "a", O_PATH): ELOOP`. */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  /** The errno's name, as in Node's own errors: `ENOENT`. */
  readonly code: string;
  /** The errno, negated as in Node's own errors. */
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string;

  constructor(code: string, errno: number, syscall: string, args: readonly string[], path?: Bytes) {
    super(`${syscall}(${args.join(", ")}): ${code}`);
    this.code = code;
    this.errno = -errno;
    this.syscall = syscall;
    if (path !== undefined) this.path = escapeForDisplay(path);
  }
}

/** What the kernel and file systems say of what they do not have. */
export const NOT_SUPPORTED: readonly string[] = [
  "EOPNOTSUPP",
  "ENOTTY",
  "ENOSYS",
  "EAFNOSUPPORT",
  "EPROTONOSUPPORT",
];

/** True where `error` is a failed system call with one of these codes: an errno is ignored only by naming it. */
export function failedWith(error: unknown, ...codes: string[]): error is SyscallError {
  return error instanceof SyscallError && codes.includes(error.code);
}

export type UnsafePathCode =
  | "UNSAFE_TRANSITION"
  | "REPLACED_INODE"
  | "ESCAPED_ROOT"
  | "HARD_LINK"
  | "UNSAFE_PARENT"
  | "NOT_NORMALIZED";

/** A refusal: nothing failed in the kernel, but going on would be unsafe. */
export class UnsafePathError extends Error {
  override readonly name = "UnsafePathError";
  readonly code: UnsafePathCode;
  readonly path: string;

  constructor(code: UnsafePathCode, path: Bytes, message: string) {
    super(`${escapeForDisplay(path)}: ${message}`);
    this.code = code;
    this.path = escapeForDisplay(path);
  }
}

export type Severity = "error" | "warning" | "info" | "debug";

/** Something to say about configuration: a value, never thrown. Lines and columns count from 1; columns count bytes. */
export interface Diagnostic {
  readonly file: Bytes;
  readonly line: number;
  readonly column: number;
  /** The line as it is written, if it is about a single one. */
  readonly text?: Bytes;
  readonly severity: Severity;
  /** Stable, for programs: `unknown-type`. */
  readonly code: string;
  /** For people: what is wrong, and the way out. May change from release to release. */
  readonly message: string;
  /** What the drop-in prints: the line of systemd-tmpfiles 262, if it has one, with Mayfly's hint. */
  readonly in262?: string;
}
