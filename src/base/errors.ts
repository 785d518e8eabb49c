/** The error types: a failed system call, an unsafe path, and a diagnostic about a line. */
import { type Bytes, escapeForDisplay } from "./bytes.js";

/** A failed system call. Its message shows the call and its arguments: `openat(7</tmp>, "a", O_PATH): ELOOP`. */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  /** The symbolic errno, as in Node's own errors: `ENOENT`. */
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

/** The errors that report a missing feature of the kernel or the file system. */
export const NOT_SUPPORTED: readonly string[] = [
  "EOPNOTSUPP",
  "ENOTTY",
  "ENOSYS",
  "EAFNOSUPPORT",
  "EPROTONOSUPPORT",
];

/** Whether `error` is a failed system call with one of these codes. Code that ignores an error must name its errno. */
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

/** An operation that was refused as unsafe. No system call failed. */
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

/** A finding about configuration: a value, never thrown. Lines and columns start at 1; columns count bytes. */
export interface Diagnostic {
  readonly file: Bytes;
  readonly line: number;
  readonly column: number;
  /** The text of the line, if the diagnostic concerns a single line. */
  readonly text?: Bytes;
  readonly severity: Severity;
  /** A stable identifier for programs: `unknown-type`. */
  readonly code: string;
  /** For people: the problem and, if there is one, the fix. The wording may change between releases. */
  readonly message: string;
  /** The message of the drop-in: systemd-tmpfiles 262's wording, if it has one, with Mayfly's hint. */
  readonly in262?: string;
}
