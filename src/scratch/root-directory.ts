/** The root of a run: its marker, its clock, and whether root is root there. */
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { failedWith, SyscallError } from "../base/errors.js";
import { type Nanoseconds, SECOND } from "../base/time.js";
import { formatTimeSpan } from "../base/time-span.js";
import { systemClock } from "../sys/clock.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_WRONLY, openat } from "../sys/files.js";
import { isRegular, type Stat, statx, touch } from "../sys/inode.js";

/** Its owner says with it that the tree may be cleaned from other hosts. */
export const MARKER = ".mayfly-scratch" as Bytes;

const OTHERS_WRITE = 0o022;

/** The root directory, open. */
export interface RootDirectory extends Disposable {
  readonly fd: Fd;
  /** The file system's own time, by which its timestamps are set. */
  readonly now: Nanoseconds;
}

/**
 * Opens the root, and checks that it may be cleaned from here.
 *
 * @throws Error if the marker is missing or not the user's own, if the server treats root as another user, or if the clock
 *   of this host differs from the file system's by more than `maxSkew`.
 */
export function openRoot(path: Bytes, maxSkew: Nanoseconds): RootDirectory {
  const fd = openat(Fd.cwd, path, O_DIRECTORY | O_NOFOLLOW | O_PATH);
  try {
    const now = fileSystemTime(fd, path);
    requireSmallSkew(path, now - systemClock.now(), maxSkew);
    return { fd, now, [Symbol.dispose]: () => fd.close() };
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** Sets the marker's times to the present: the server's, on a network file system. */
export function fileSystemTime(root: Fd, path: Bytes): Nanoseconds {
  const shown = `${escapeForDisplay(path)}/${MARKER}`;
  using marker = openMarker(root, shown);
  const stat = statx(marker);
  if (!isRegular(stat)) throw new Error(`${shown} is not a regular file`);
  requireOwn(stat, shown);
  touch(marker);
  return statx(marker).mtime;
}

function openMarker(root: Fd, shown: string): Fd {
  try {
    return openat(root, MARKER, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (failedWith(error, "ENOENT"))
      throw new Error(`${shown} does not exist: to let mayfly clean this tree from other hosts, create it`);
    if (error instanceof SyscallError && failedWith(error, "EACCES", "EPERM") && process.geteuid?.() === 0)
      throw new Error(`${shown}: ${error.code} for root. ${SQUASHED}`);
    throw error;
  }
}

const SQUASHED =
  "The server treats root as another user (root_squash): run where root is root, such as on the server, or as the owner of the files";

function requireOwn({ uid, mode }: Stat, shown: string): void {
  const user = process.geteuid?.() ?? 0;
  if (uid !== user) {
    const advice = user === 0 ? `. If root created it: ${SQUASHED}` : "";
    throw new Error(`${shown} belongs to user ${uid}, not to user ${user}${advice}`);
  }
  if ((mode & OTHERS_WRITE) !== 0)
    throw new Error(
      `${shown} is writable by others: run 'chmod go-w' on it, so that nobody else can set its time`,
    );
}

/** @throws Error if the difference is too large. */
export function requireSmallSkew(path: Bytes, skew: Nanoseconds, most: Nanoseconds): void {
  const size = skew < 0n ? -skew : skew;
  if (size <= most) return;
  const rounded = formatTimeSpan((size / SECOND) * SECOND || size);
  const direction = skew < 0n ? "behind" : "ahead of";
  throw new Error(
    `the clock of the file system of ${escapeForDisplay(path)} is ${rounded} ${direction} this host's. Nothing is removed: synchronize the clocks, or raise --max-skew`,
  );
}
