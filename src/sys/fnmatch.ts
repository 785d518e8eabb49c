/** Matches patterns with fnmatch(3) of the C library. */
import type { Bytes } from "../base/bytes.js";
import { bind, cstring } from "./ffi.js";

/** Only a slash in the pattern matches a slash in the name. The values are the same in glibc and musl. */
const FNM_PATHNAME = 1;
const FNM_PERIOD = 4;

const libc = {
  fnmatch: bind<[Buffer, Buffer, number], number>(
    "int fnmatch(const void *pattern, const void *string, int flags)",
  ),
};

/**
 * fnmatch(3) with FNM_PATHNAME and FNM_PERIOD: wildcards match neither a slash nor a leading dot. Braces are not
 * special. The process stays in the "C" locale, so `?` matches one byte whatever the user's language.
 */
export function fnmatch(pattern: Bytes, name: Bytes): boolean {
  return libc.fnmatch(cstring(pattern), cstring(name), FNM_PATHNAME | FNM_PERIOD) === 0;
}

/** A matcher for names without slashes, prepared once and used for many names. */
export function matcher(pattern: Bytes): (name: Bytes) => boolean {
  const prepared = cstring(pattern);
  return (name) => libc.fnmatch(prepared, cstring(name), FNM_PERIOD) === 0;
}
