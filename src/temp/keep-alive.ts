/** `keepAlive` and `makeSticky`: protection for paths that cannot be locked. */
import {
  BOOLEAN,
  type Expectation,
  type Expectations,
  either,
  FUNCTION,
  listOf,
  PATH,
  requireArgument,
  requireOptions,
} from "../base/arguments.js";
import type { PathInput } from "../base/bytes.js";
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import type { Nanoseconds } from "../base/time.js";
import { systemClock } from "../sys/clock.js";
import { DT_DIR, entries } from "../sys/directory.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY, openat } from "../sys/files.js";
import { chmod, isRegular, S_ISVTX, setTimesAt, statx } from "../sys/inode.js";
import { pathArgument, pathBytes } from "./options.js";

export interface KeepAliveOptions {
  /** Milliseconds between two touches: one hour, by default. Must be well below the age in tmpfiles.d. */
  readonly every?: number;
  /** Whether to touch everything below the paths too, since cleaners check each file separately. */
  readonly recursive?: boolean;
  /**
   * Whether to update the modification time together with the access time, as lines that age by mtime alone require
   * (`m:10d`). On by default; turn it off for files whose mtime matters, for example to make.
   */
  readonly mtime?: boolean;
  /** Called if a path cannot be touched later on. A path that does not exist any more is ignored. */
  readonly onError?: (error: Error) => void;
}

/** A running `keepAlive`. It stops when disposed, and does not keep the process running. */
export interface KeepAlive extends Disposable {
  /** Touches everything now. */
  touch(): void;
  stop(): void;
}

const HOUR = 3_600_000;
/** The maximum delay of a Node timer. */
const LONGEST = 2 ** 31 - 1;
const INTERVAL: Expectation = {
  what: `a number of milliseconds, from 1 to ${LONGEST}`,
  accepts: (value) => typeof value === "number" && value >= 1 && value <= LONGEST,
};
const OPTIONS: Expectations = { every: INTERVAL, recursive: BOOLEAN, mtime: BOOLEAN, onError: FUNCTION };

/**
 * Protects paths from ageing by touching them, once immediately and then periodically. Use it for paths that cannot be
 * locked: on a file system without locks, or created by other programs. Does not follow symlinks.
 *
 * @throws SyscallError if a path can't be touched the first time.
 */
export function keepAliveSync(
  paths: PathInput | readonly PathInput[],
  options: KeepAliveOptions = {},
): KeepAlive {
  requireArgument("keepAlive", "paths", paths, either(PATH, listOf(PATH)));
  requireOptions("keepAlive", options, OPTIONS);
  const list = typeof paths === "string" || paths instanceof Uint8Array ? [paths] : paths;
  const kept = new Set(list.map(pathBytes));
  for (const path of kept) touchPath(path, options);
  const touch = (): void => touchAll(kept, options);
  const timer = setInterval(touch, options.every ?? HOUR);
  timer.unref();
  const stop = (): void => clearInterval(timer);
  return { touch, stop, [Symbol.dispose]: stop };
}

function touchAll(kept: Set<Bytes>, options: KeepAliveOptions): void {
  for (const path of kept) {
    try {
      touchPath(path, options);
    } catch (error) {
      if (failedWith(error, "ENOENT")) kept.delete(path);
      else if (error instanceof Error) options.onError?.(error);
    }
  }
}

function touchPath(path: Bytes, { mtime = true, recursive = false }: KeepAliveOptions): void {
  const now = systemClock.now();
  const modified = mtime ? now : undefined;
  // Contents first, since listing a directory changes its own access time.
  if (recursive && statx(Fd.cwd, path).mode >> 12 === DT_DIR) {
    using dir = openat(Fd.cwd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    touchBelow(dir, now, modified);
  }
  setTimesAt(Fd.cwd, path, now, modified);
}

function touchBelow(dir: Fd, now: Nanoseconds, modified: Nanoseconds | undefined): void {
  for (const { name, type } of entries(dir)) {
    try {
      if (type === DT_DIR) {
        using inner = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        touchBelow(inner, now, modified);
      }
      setTimesAt(dir, name, now, modified);
    } catch (error) {
      // Removed or replaced since it was listed.
      if (!failedWith(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
    }
  }
}

/**
 * Sets the sticky bit of a regular file, so that cleaners skip it according to tmpfiles.d(5) and the XDG Base Directory
 * Specification (`$XDG_RUNTIME_DIR`). The caller must remove the file or the bit. On a directory, the sticky bit has
 * another meaning, so directories are refused.
 */
export function makeStickySync(path: PathInput): void {
  using file = openat(Fd.cwd, pathArgument("makeSticky", "path", path), O_PATH | O_NOFOLLOW);
  const stat = statx(file);
  if (!isRegular(stat))
    throw new TypeError(
      `${escapeForDisplay(file.path)} is not a regular file; the sticky bit protects only regular files`,
    );
  chmod(file, (stat.mode & 0o7777) | S_ISVTX);
}
