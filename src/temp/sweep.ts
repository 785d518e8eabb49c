/** `sweepStale`: removes what earlier runs of a program left when they were killed. */
import { PATH, requireOptions } from "../base/arguments.js";
import type { PathInput } from "../base/bytes.js";
import { toText } from "../base/bytes.js";
import { pathBelow } from "../sys/files.js";
import { abandoned } from "./abandoned.js";
import { removal } from "./cleanup-registry.js";
import { NAME_OPTIONS, type NameOptions, nameParts, pathBytes } from "./options.js";
import { openTempParent, type Parent, standardParent } from "./parent.js";
import { standardRoots } from "./placement.js";
import { type Steps, stepThrough, stepThroughSync } from "./sync-async.js";

export interface SweepOptions extends NameOptions {
  /** Where to look; by default the standard places for small and large. */
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
  return stepThrough(sweeping(options));
}

export function sweepStaleSync(options: SweepOptions = {}): Sweep {
  return stepThroughSync(sweeping(options));
}

type Failure = Sweep["failed"][number];

function* sweeping(options: SweepOptions): Steps<Sweep> {
  requireOptions("sweepStale", options, { ...NAME_OPTIONS, dir: PATH });
  const parts = nameParts(options);
  const removed: string[] = [];
  const failed: Failure[] = [];
  for (const parent of parents(options)) {
    using place = parent;
    for (const entry of abandoned(place.fd, parts)) {
      const path = toText(pathBelow(place.fd, entry.name));
      try {
        yield* removal(entry);
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
  dir === undefined ? standardRoots().map(standardParent) : [openTempParent(pathBytes(dir))];
