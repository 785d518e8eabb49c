/** `sweepStale`: removes temporary files that earlier, killed runs of a program left behind. */
import { PATH, requireOptions } from "../base/arguments.js";
import type { PathInput } from "../base/bytes.js";
import { toText } from "../base/bytes.js";
import { pathBelow } from "../sys/files.js";
import { abandoned } from "./abandoned.js";
import { removal } from "./cleanup-registry.js";
import { NAME_OPTIONS, type NameOptions, nameParts, pathBytes } from "./options.js";
import { openTempParent, type Parent, standardParent } from "./parent.js";
import { standardRoots } from "./placement.js";
import { type SyncAsync, stepThrough, stepThroughSync } from "./sync-async.js";

export interface SweepOptions extends NameOptions {
  /** The directory to sweep; by default, the standard directories for small and large files. */
  readonly dir?: PathInput;
}

export interface Sweep {
  /** The paths that were removed. */
  readonly removed: readonly string[];
  /** Abandoned paths that could not be removed completely. */
  readonly failed: readonly { readonly path: string; readonly error: Error }[];
}

/**
 * Removes files and directories that earlier, killed runs left behind: those with a name that `mkdtemp` or `mkstemp`
 * generates with this prefix and suffix, that belong to this user and that no process has locked. Never touches files of
 * other users, files in use by any process, or detached directories. Call it when the program starts.
 *
 * @throws UnsafePathError, SyscallError if the directory itself is unsafe or cannot be read.
 */
export async function sweepStale(options: SweepOptions = {}): Promise<Sweep> {
  return stepThrough(sweeping(options));
}

export function sweepStaleSync(options: SweepOptions = {}): Sweep {
  return stepThroughSync(sweeping(options));
}

type Failure = Sweep["failed"][number];

function* sweeping(options: SweepOptions): SyncAsync<Sweep> {
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
