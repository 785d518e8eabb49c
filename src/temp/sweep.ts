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
    for (const name of candidates(place, parts)) {
      const path = toText(pathBelow(place.fd, name));
      try {
        if (yield* reclaimed(place.fd, name)) removed.push(path);
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

function candidates(place: Parent, { prefix, suffix }: NameParts): Bytes[] {
  using listing = openat(place.fd, "." as Bytes, O_RDONLY | O_DIRECTORY);
  return [...entries(listing)].map(({ name }) => name).filter((name) => isFreshName(name, prefix, suffix));
}

/** Removes the entry if it is abandoned; the lock is held until it is gone, so that nobody takes it up meanwhile. */
function* reclaimed(dir: Fd, name: Bytes): Steps<boolean> {
  using fd = openOwn(dir, name);
  if (fd === undefined) return false;
  const stat = statx(fd);
  const kind = isDirectory(stat) ? "directory" : isRegular(stat) ? "file" : undefined;
  const detached = kind === "directory" && (stat.mode & S_ISVTX) !== 0;
  if (kind === undefined || detached || stat.uid !== process.geteuid?.()) return false;
  const leftover: Leftover = { kind, dir, name, fd };
  if (!lockAbandoned(fd) || !isStillThere(leftover)) return false;
  yield* removal(leftover);
  return true;
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
