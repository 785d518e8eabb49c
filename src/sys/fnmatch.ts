import type { Bytes } from "../base/bytes.js";
import { bind, cstring } from "./ffi.js";

/** A slash in the name is matched by a slash in the pattern alone. The same on each libc. */
const FNM_PATHNAME = 1;
const FNM_PERIOD = 4;
const LC_CTYPE_MASK = 1 << 0;
const LC_COLLATE_MASK = 1 << 3;

const libc = {
  fnmatch: bind<[Buffer, Buffer, number], number>(
    "int fnmatch(const void *pattern, const void *string, int flags)",
  ),
  newlocale: bind<[number, Buffer, null], unknown>(
    "void *newlocale(int mask, const void *locale, void *base)",
  ),
  uselocale: bind<[unknown], unknown>("void *uselocale(void *locale)"),
};

let localeSet = false;

/**
 * The user's locale says how many bytes a `?` matches and what `[[:alpha:]]` is; a process starts in "C". It is set
 * for this thread alone, and only for the classes and the order of characters.
 */
function useLocale(): void {
  if (localeSet) return;
  localeSet = true;
  const locale = libc.newlocale(LC_CTYPE_MASK | LC_COLLATE_MASK, cstring("" as Bytes), null);
  if (locale !== null) libc.uselocale(locale);
}

/**
 * libc's own fnmatch(3) with FNM_PATHNAME and FNM_PERIOD: a wildcard matches no slash, and no leading dot. Braces mean
 * nothing to it.
 */
export function fnmatch(pattern: Bytes, name: Bytes): boolean {
  useLocale();
  return libc.fnmatch(cstring(pattern), cstring(name), FNM_PATHNAME | FNM_PERIOD) === 0;
}

/** The same for names without slashes, prepared for being asked of many of them. */
export function matcher(pattern: Bytes): (name: Bytes) => boolean {
  useLocale();
  const prepared = cstring(pattern);
  return (name) => libc.fnmatch(prepared, cstring(name), FNM_PERIOD) === 0;
}
