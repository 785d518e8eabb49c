import { type Bytes, toText } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { entries } from "../sys/directory.js";
import { type Fd, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, openat, pathBelow } from "../sys/files.js";
import { isDirectory, isRegular, S_ISVTX, statx } from "../sys/inode.js";
import { isStillThere, type Leftover, removal } from "./leftovers.js";
import { lockAbandoned } from "./lock.js";
import { isFreshName } from "./names.js";
import { type NameOptions, type NameParts, nameParts, type PathInput, pathBytes } from "./options.js";
import { openParent, type Parent, standardParent } from "./parent.js";
import { standardRoots } from "./placement.js";
import { run, runSync, type Steps } from "./steps.js";

export interface SweepOptions extends NameOptions {
  /** Where to look: the standard places for small and large, unless told otherwise. */
  readonly dir?: PathInput;
}

export interface Sweep {
  /** Paths of what was removed. */
  readonly removed: readonly string[];
  /** What was found abandoned and could not be removed (all of it). */
  readonly failed: readonly { readonly path: string; readonly error: Error }[];
}

/**
 * Removes what earlier runs left when they were killed: directories and files whose names `mkdtemp` and `mkstemp` make
 * with this prefix and suffix, that belong to this user, and that nobody holds a lock on. Others' are never touched,
 * nor is a live one, of this process or another, nor one that was detached. Best called when the program starts.
 *
 * @throws UnsafePathError, SyscallError for the place itself.
 */
export async function sweepStale(options: SweepOptions = {}): Promise<Sweep> {
  return run(sweeping(options));
}

export function sweepStaleSync(options: SweepOptions = {}): Sweep {
  return runSync(sweeping(options));
}

type Failure = Sweep["failed"][number];

function* sweeping(options: SweepOptions): Steps<Sweep> {
  const parts = nameParts(options);
  const removed: string[] = [];
  const failed: Failure[] = [];
  for (const parent of parents(options)) {
    using place = parent;
    for (const leftover of abandoned(place.fd, parts)) {
      const path = toText(pathBelow(place.fd, leftover.name));
      try {
        yield* removal(leftover);
        removed.push(path);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        failed.push({ path, error });
      }
    }
  }
  return { removed, failed };
}

const parents = ({ dir }: SweepOptions): Parent[] =>
  dir === undefined ? standardRoots().map(standardParent) : [openParent(pathBytes(dir))];

/**
 * What `mkdtemp` or `mkstemp` made with these names and nobody holds any more, one by one. Each is locked while it is
 * handed out, so that nobody takes it up meanwhile.
 */
export function* abandoned(dir: Fd, { prefix, suffix }: NameParts): Generator<Leftover> {
  using listing = openat(dir, SELF, O_RDONLY | O_DIRECTORY);
  // All names first: what is removed while a listing goes on may make it skip others.
  const names = [...entries(listing)].map(({ name }) => name);
  for (const name of names) {
    if (!isFreshName(name, prefix, suffix)) continue;
    using fd = openOwn(dir, name);
    const leftover = fd === undefined ? undefined : leftoverOf(dir, name, fd);
    if (leftover !== undefined && lockAbandoned(leftover.fd) && isStillThere(leftover)) yield leftover;
  }
}

/** Undefined for what is gone, or can't be one of ours: a symlink, something that may not even be opened. */
function openOwn(dir: Fd, name: Bytes): Fd | undefined {
  try {
    return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (failedWith(error, "ENOENT", "ELOOP", "EACCES", "ENXIO")) return undefined;
    throw error;
  }
}

/** Undefined for what is somebody else's, what was detached, and what this library does not make. */
function leftoverOf(dir: Fd, name: Bytes, fd: Fd): Leftover | undefined {
  const stat = statx(fd);
  if (stat.uid !== process.geteuid?.()) return undefined;
  if (isRegular(stat)) return { kind: "file", dir, name, fd };
  const detached = (stat.mode & S_ISVTX) !== 0;
  return isDirectory(stat) && !detached ? { kind: "directory", dir, name, fd } : undefined;
}

const SELF = "." as Bytes;
