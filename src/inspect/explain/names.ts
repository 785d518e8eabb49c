/** Finds the names by which lines reach a path: its real path, and paths through symlinks. */
import { type Bytes, basename, dirname, isBelow, join } from "../../base/bytes.js";
import { SyscallError, UnsafePathError } from "../../base/errors.js";
import { glob } from "../../path/glob.js";
import { resolve, resolvePartial } from "../../path/resolve.js";
import { type Stat, statx } from "../../sys/inode.js";
import { currentPath } from "../../sys/processes.js";
import type { Loaded } from "../../tmpfiles/config/items.js";

/**
 * Resolves real paths: both lines and callers may use paths through symlinks. Preserves the access times of symlinks as
 * far as the kernel allows.
 */
export class RealPaths {
  readonly #root: Bytes;
  /** Real paths by directory. */
  readonly #known = new Map<Bytes, Bytes>();

  constructor(root = "/" as Bytes) {
    this.#root = root;
  }

  /** Does not follow a symlink in the last component. */
  of(path: Bytes): Bytes {
    return path === this.#root ? path : join(this.#directory(dirname(path)), basename(path));
  }

  /** Follows a symlink in the last component too. */
  leadsTo(path: Bytes): Bytes {
    return this.#directory(path);
  }

  #directory(path: Bytes): Bytes {
    let real = this.#known.get(path);
    if (real === undefined) {
      real = resolved(this.#root, path);
      this.#known.set(path, real);
    }
    return real;
  }
}

/** Resolves the existing part of the path; returns it unchanged on failure. */
function resolved(root: Bytes, path: Bytes): Bytes {
  try {
    const { fd, missing } = resolvePartial(root, path, {
      follow: true,
      safe: false,
      preserveAtime: true,
    });
    using reached = fd;
    return missing.reduce(join, currentPath(reached));
  } catch (error) {
    if (error instanceof SyscallError || error instanceof UnsafePathError) return path;
    throw error;
  }
}

/** Undefined if the path does not exist or cannot be reached. */
export function statPreservingAtime(path: Bytes): Stat | undefined {
  try {
    using found = resolve("/" as Bytes, path, { follow: false, safe: false, preserveAtime: true });
    return statx(found);
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}

/** A line's path that contains a symlink, and the real path. */
interface Linked {
  readonly path: Bytes;
  readonly real: Bytes;
}

/**
 * The names by which lines reach each path: the real path, and one for each line whose path leads through a symlink to it
 * or to a directory above it.
 */
export function namesOf(
  paths: readonly Bytes[],
  loaded: Loaded,
  root = "/" as Bytes,
): Map<Bytes, readonly Bytes[]> {
  const reals = new RealPaths(root);
  const wanted = paths.map((path) => ({ path, real: reals.of(path) }));
  const leads = (path: Bytes): boolean => {
    const real = reals.leadsTo(path);
    return wanted.some((each) => isBelow(each.real, real) || each.real === reals.of(path));
  };
  const linked = linkedBases(loaded, reals, root, leads);
  const byLink = (real: Bytes): Bytes[] =>
    linked.filter((base) => isBelow(real, base.real)).map((base) => moved(real, base));
  return new Map(wanted.map(({ path, real }) => [path, [...new Set([real, ...byLink(real)])]]));
}

/** The same, with directories below the paths that lines reach through symlinks. */
export function namesAround(paths: readonly Bytes[], loaded: Loaded): readonly Bytes[] {
  const reals = new RealPaths();
  const wanted = paths.map((path) => reals.of(path));
  const leads = (path: Bytes): boolean => {
    const real = reals.leadsTo(path);
    return wanted.some((each) => isBelow(each, real) || isBelow(real, each));
  };
  const inside = linkedBases(loaded, reals, "/" as Bytes, leads).filter(({ real }) =>
    wanted.some((each) => isBelow(real, each)),
  );
  return [...[...namesOf(paths, loaded).values()].flat(), ...inside.map(({ path }) => path)];
}

function linkedBases(
  { exact, globs }: Loaded,
  reals: RealPaths,
  root: Bytes,
  leads: (path: Bytes) => boolean,
): Linked[] {
  const instances = globs.flatMap(({ path }) => glob({ root, preserveAtime: true }, path, leads));
  return [...exact.map(({ path }) => path), ...instances]
    .map((path) => ({ path, real: reals.of(path) }))
    .filter(({ path, real }) => path !== real);
}

function moved(real: Bytes, base: Linked): Bytes {
  return real === base.real ? base.path : join(base.path, real.slice(base.real.length) as Bytes);
}
