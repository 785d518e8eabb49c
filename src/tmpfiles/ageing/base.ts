/** Finds and opens the directory that a line cleans or removes. */
import { type Bytes, basename, dirname, PARENT } from "../../base/bytes.js";
import { failedWith, UnsafePathError } from "../../base/errors.js";
import { type ResolveContext, resolve } from "../../path/resolve.js";
import {
  Fd,
  O_DIRECTORY,
  O_NOATIME,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  openat,
  openat2,
  RESOLVE_NO_SYMLINKS,
} from "../../sys/files.js";

const MISSING: readonly string[] = ["ENOENT", "ENOTDIR"];

/**
 * Opens the parent directory of `path` with O_PATH; undefined if it does not exist. If the path has no symlinks and no `..`
 * (which a directory that is moved meanwhile could lead out of the root), the kernel resolves it in one call.
 *
 * @throws UnsafePathError as `resolve` does, if the path has symlinks. NOT_NORMALIZED if `path` itself ends in `..`: that
 *   name opens a directory above, which may be outside the root.
 */
export function openParent(
  { root, preserveAtime }: ResolveContext,
  path: Bytes,
  missing = MISSING,
): Fd | undefined {
  if (basename(path) === PARENT) {
    throw new UnsafePathError(
      "NOT_NORMALIZED",
      path,
      'the path ends in ".."; use the path of the directory itself',
    );
  }
  return ifThere(() => {
    const safely = (): Fd => resolve(root, dirname(path), { follow: true, preserveAtime });
    if (path.includes("/../")) return safely();
    try {
      return openat2(Fd.cwd, dirname(path), O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    } catch (error) {
      // ENOSYS: before Linux 5.6. EPERM: a container's filter that does not know the call.
      if (!failedWith(error, "ELOOP", "ENOSYS", "EPERM")) throw error;
      return safely();
    }
  }, missing);
}

/** Opens the directory `path` in its parent for listing. Follows no symlink, and preserves the atime if permitted. */
export function openBase(dir: Fd, path: Bytes): Fd | undefined {
  const name = (basename(path) || ".") as Bytes;
  const flags = O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;
  return ifThere(() => {
    try {
      return openat(dir, name, flags | O_NOATIME);
    } catch (error) {
      if (!failedWith(error, "EPERM")) throw error;
      return openat(dir, name, flags);
    }
  });
}

/** Undefined if the path does not exist or is not a directory: there is nothing to clean, which is not a failure. */
export function ifThere<Result>(open: () => Result, missing = MISSING): Result | undefined {
  try {
    return open();
  } catch (error) {
    if (failedWith(error, ...missing)) return undefined;
    throw error;
  }
}
