/** fnmatch(3) of the C library. */
import type { Bytes } from "../base/bytes.js";
import { bind, cstring } from "./ffi.js";

/** A slash in the name is matched by a slash in the pattern alone. The same on each libc. */
const FNM_PATHNAME = 1;
const FNM_PERIOD = 4;

const libc = {
  fnmatch: bind<[Buffer, Buffer, number], number>(
    "int fnmatch(const void *pattern, const void *string, int flags)",
  ),
};

/**
 * libc's own fnmatch(3) with FNM_PATHNAME and FNM_PERIOD: a wildcard matches no slash, and no leading dot. Braces mean
 * nothing to it. In the locale "C", which each process starts in: `?` matches one byte, whatever the user's language.
 */
export function fnmatch(pattern: Bytes, name: Bytes): boolean {
  return libc.fnmatch(cstring(pattern), cstring(name), FNM_PATHNAME | FNM_PERIOD) === 0;
}

/** The same for names without slashes, prepared for being asked of many of them. */
export function matcher(pattern: Bytes): (name: Bytes) => boolean {
  const prepared = cstring(pattern);
  return (name) => libc.fnmatch(prepared, cstring(name), FNM_PERIOD) === 0;
}
