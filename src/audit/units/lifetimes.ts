/** How long tmpfiles.d keeps what is in a directory. */
import { type Bytes, isBelow, normalize } from "../../base/bytes.js";
import { formatTimeSpan } from "../../base/time-span.js";
import { fnmatch } from "../../sys/fnmatch.js";
import { type Item, loadItemsSync, readConfigFilesSync } from "../../tmpfiles/index.js";

/** What systemd's own tmp.conf has, for a tree without configuration. */
const DEFAULTS = {
  args: ["q /tmp 1777 root root 10d" as Bytes, "q /var/tmp 1777 root root 30d" as Bytes],
  inline: true,
};

/** Returns a function: after how long a cleaner removes what is at a path; undefined if it is kept. */
export function lifetimes(root: Bytes): (path: string) => string | undefined {
  const own = root === "/" ? {} : { root };
  const configured = readConfigFilesSync(own).files.length > 0;
  const options = { ...own, graceful: true, readOn: true, assumeSources: true };
  const { exact, globs } = loadItemsSync(configured ? options : { ...options, ...DEFAULTS });
  const items = [...exact, ...globs].flatMap((group) => group.items);
  const excluded = items.filter(({ type, letter }) => type.kind === "exclusion" && isDeep(letter));
  const aged = items.filter(
    ({ type, age }) => type.kind !== "exclusion" && type.ages === "contents" && age !== undefined,
  );
  const below = (path: string): Bytes => normalize((root === "/" ? path : `${root}${path}`) as Bytes);
  return (path) => {
    const place = below(path);
    if (excluded.some((item) => matches(item, place))) return undefined;
    const nearest = aged
      .filter((item) => place !== item.path && isBelow(place, item.path))
      .sort((a, b) => b.path.length - a.path.length)[0];
    return nearest?.age === undefined ? undefined : formatTimeSpan(nearest.age.span);
  };
}

/** `x` also exempts what is below its path; `X` does not. */
function isDeep(letter: string): boolean {
  return letter.toLowerCase() === letter;
}

/** Whether the pattern of a line matches the path or a directory above it. */
function matches({ path: pattern }: Item, path: Bytes): boolean {
  for (let each: string = path; each.length > 1; each = each.slice(0, each.lastIndexOf("/")))
    if (fnmatch(pattern, each as Bytes)) return true;
  return false;
}
