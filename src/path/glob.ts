/** Expands shell patterns by listing directories, without moving their access times. */
import { type Bytes, basename, components, dirname, join } from "../base/bytes.js";
import { SyscallError, UnsafePathError } from "../base/errors.js";
import { DT_DIR, DT_LNK, entries, openDirectory } from "../sys/directory.js";
import { Fd, O_NOFOLLOW } from "../sys/files.js";
import { matcher } from "../sys/fnmatch.js";
import { isDirectory, statx } from "../sys/inode.js";
import { expandBraces } from "./braces.js";
import { type ResolveContext, resolve } from "./resolve.js";

const MAGIC = /[*?[]/;
const ESCAPED = /\\(.)/gs;

/** Whether a path has a wildcard; braces alone do not make one. */
export function isGlob(path: Bytes): boolean {
  return MAGIC.test(path);
}

/** The directory below which all matches of a pattern lie: its components before the first with a wildcard. */
export function literalPrefix(pattern: Bytes): Bytes {
  const parts = pattern.split("/");
  const magic = parts.findIndex((part) => MAGIC.test(part));
  return magic < 0 ? pattern : ((parts.slice(0, magic).join("/") || "/") as Bytes);
}

/**
 * Finds matching paths as glob(3) does with GLOB_NOSORT and GLOB_BRACE: a component with `*`, `?` or `[` matches by libc's
 * fnmatch(3), never `.`, `..` or a leading dot; other components must exist. Listing preserves the atime of directories,
 * unless their own name is that of a symlink. Symlinks resolve in the root. A directory that cannot be listed matches
 * nothing. The matches are not verified: resolve one safely before acting on it. Only paths for which `leads` is true are
 * examined and expanded. If only a slash follows the last wildcard, as in `*{/}`, only directories match; libc would also
 * match symlinks to directories.
 */
export function glob(context: ResolveContext, pattern: Bytes, leads = EVERYWHERE): Bytes[] {
  return expandBraces(pattern).flatMap((path) => matches(context, path, leads));
}

const EVERYWHERE = (_path: Bytes): boolean => true;

function matches(context: ResolveContext, pattern: Bytes, leads: typeof EVERYWHERE): Bytes[] {
  const parts = components(pattern);
  const last = parts.length - 1;
  const endsInSlash = pattern.endsWith("/");
  let found = ["/" as Bytes];
  const wantedAt = (index: number): Wanted =>
    index < last ? "leads on" : endsInSlash ? "directory" : "anything";
  let isChecked = true;
  for (const [index, part] of parts.entries()) {
    // glob(3) matches a last component that has only escapes by fnmatch, and opens the directory for it.
    const isMagic = MAGIC.test(part.replace(ESCAPED, "")) || (index === last && part.includes("\\"));
    found = isMagic
      ? found.flatMap((directory) => list(context, directory, part, wantedAt(index)))
      : found.map((directory) => join(directory, part.replace(ESCAPED, "$1") as Bytes));
    found = found.filter(leads);
    isChecked = isMagic;
    if (found.length === 0) break;
  }
  return isChecked ? found : found.filter((path) => exists(context, path));
}

/**
 * The types that may match a component: anything that can be a directory if more components follow, only directories before
 * a slash.
 */
type Wanted = "anything" | "leads on" | "directory";

/** The entries of `directory` that match. */
function list(context: ResolveContext, directory: Bytes, part: Bytes, wanted: Wanted): Bytes[] {
  const isMatch = matcher(part);
  const found: Bytes[] = [];
  ignoringFailure(() => {
    using dir = openListing(context, directory);
    for (const { name, type } of entries(dir)) {
      if (wanted !== "anything" && type !== 0 && type !== DT_DIR && type !== DT_LNK) continue;
      if (!isMatch(name)) continue;
      if (wanted !== "directory" || isDirectory(statx(dir, name))) found.push(join(directory, name));
    }
  });
  return found;
}

function openListing({ root, preserveAtime }: ResolveContext, directory: Bytes): Fd {
  if ((root === "/" && !preserveAtime) || directory === "/")
    return openDirectory(Fd.cwd, directory, O_NOFOLLOW);
  // The caller chose the root: its own path is not resolved inside it.
  if (directory === root) return openDirectory(Fd.cwd, directory, 0);
  using above = resolve(root, dirname(directory), { follow: true, safe: false, preserveAtime });
  return openDirectory(above, basename(directory), O_NOFOLLOW);
}

function exists({ root, preserveAtime }: ResolveContext, path: Bytes): boolean {
  return ignoringFailure(() => {
    if (root === "/" && !preserveAtime) statx(Fd.cwd, path);
    else resolve(root, path, { follow: false, safe: false, preserveAtime }).close();
  });
}

function ignoringFailure(look: () => void): boolean {
  try {
    look();
    return true;
  } catch (error) {
    if (!(error instanceof SyscallError) && !(error instanceof UnsafePathError)) throw error;
    return false;
  }
}
