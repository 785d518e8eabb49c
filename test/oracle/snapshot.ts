/** The contents of a tree as text that can be compared. It is read by Node's own calls, not by the project's. */
import { closeSync, constants, lstatSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { fileFlags, xattrs } from "./libc.js";

/** By path, byte for byte (latin1): what there is to say of each inode. */
export type Snapshot = ReadonlyMap<string, string>;

/** A time as it is compared: to the nanosecond where it is older than the case, else only as new. */
function when(time: bigint, since: bigint): string {
  return time < since ? `${time}` : "new";
}

/** The copies differ in their one letter: a path inside them is compared without it. */
function neutral(text: string, copy: string): string {
  return text.split(copy).join("@");
}

function flagsOf(path: Buffer): number | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    // Without the bits that the file system sets on its own (extents, inline data, an index).
    const flags = fileFlags(fd);
    return flags === undefined ? undefined : flags & ~(0x80000 | 0x10000000 | 0x1000);
  } finally {
    closeSync(fd);
  }
}

// Version 3 of the attribute, with the id of a namespace's root behind it.
const VERSION_3 = /^(01|00)000003(.{32})(.{8})$/;
/** The ids that the lines of the tests ask for. */
const ROOT_IDS = new Set(["e8030000", "05000000"]);

/** For `k+` the real one adds a root id out of memory that it has let go of, where there was none: not that it did. */
function comparable(attributes: Record<string, string>): Record<string, string> {
  const capability = attributes["security.capability"] ?? "";
  const [, flag, sets, rootId = ""] = VERSION_3.exec(capability) ?? [];
  if (flag === undefined || ROOT_IDS.has(rootId)) return attributes;
  return { ...attributes, "security.capability": `${flag}000002${sets}` };
}

function describe(path: Buffer, since: bigint, copy: string): { text: string; directory: boolean } {
  const stat = lstatSync(path, { bigint: true });
  const words = [
    `mode ${stat.mode.toString(8)}`,
    `owner ${stat.uid}:${stat.gid}`,
    `atime ${when(stat.atimeNs, since)}`,
    `mtime ${when(stat.mtimeNs, since)}`,
  ];
  if (!stat.isDirectory()) words.push(`links ${stat.nlink}`);
  if (stat.isCharacterDevice() || stat.isBlockDevice()) words.push(`device ${stat.rdev}`);
  if (stat.isSymbolicLink()) words.push(`to ${neutral(readlinkSync(path, "latin1"), copy)}`);
  if (!stat.isSymbolicLink()) words.push(`xattrs ${JSON.stringify(comparable(xattrs(path)))}`);
  if (stat.isFile() || stat.isDirectory()) words.push(`flags ${readable(() => flagsOf(path))}`);
  if (stat.isFile())
    words.push(`content ${readable(() => JSON.stringify(neutral(readFileSync(path, "latin1"), copy)))}`);
  return { text: words.join(", "), directory: stat.isDirectory() };
}

/** In a directory that an ordinary user may only list there are names, and no more. */
function described(...args: Parameters<typeof describe>): ReturnType<typeof describe> {
  try {
    return describe(...args);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    return { text: "out of reach", directory: false };
  }
}

/** What an ordinary user may not read is the same to both. */
function readable(look: () => unknown): string {
  try {
    return String(look());
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unreadable";
  }
}

/** Everything below `copy`. `since`: when the case was built; times from then on are only "new". */
export function snapshot(copy: Buffer, since: bigint): Snapshot {
  const seen = new Map<string, string>();
  const prefix = copy.toString("latin1");
  const pending: Buffer[] = [copy];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const { text, directory } = described(path, since, prefix);
    seen.set(settled(path.toString("latin1").slice(prefix.length)) || "/", text);
    if (!directory) continue;
    const above = path;
    const names = listing(path);
    for (const name of names) pending.push(Buffer.concat([above, Buffer.from("/"), name]));
  }
  return seen;
}

/** What can't be renamed in an append-only directory stays under the name that it was made by, and that is random. */
function settled(path: string): string {
  return path.replace(/(\/\.#.*)[0-9a-f]{16}$/, "$1*");
}

function listing(path: Buffer): Buffer[] {
  try {
    return readdirSync(path, { encoding: "buffer" });
  } catch {
    return [];
  }
}

/** The differences, one a line, or none. */
export function differences(expected: Snapshot, actual: Snapshot): string[] {
  const paths = [...new Set([...expected.keys(), ...actual.keys()])].sort();
  return paths.flatMap((path) => {
    const before = expected.get(path);
    const after = actual.get(path);
    if (before === after) return [];
    const name = JSON.stringify(path);
    if (before === undefined) return [`${name}: is there, should be gone; ${after}`];
    if (after === undefined) return [`${name}: is gone, should be there; ${before}`];
    const changed = changedWords(before, after);
    return changed.length === 0 ? [] : [`${name}: ${changed.join(", ")}`];
  });
}

/**
 * An access time that 262 updates by reading, and Mayfly does not (COMPATIBILITY.md). In the other direction it is a
 * difference, and so are two different old times.
 */
function isReadBy262(before: string, after: string | undefined): boolean {
  return before === "atime new" && after !== undefined && /^atime \d+$/.test(after);
}

/** A time before 1970, which 262 cannot restore (COMPATIBILITY.md). */
function isBeforeTheEpoch(before: string, after: string | undefined): boolean {
  return before.endsWith("time new") && after !== undefined && /^[am]time -\d+$/.test(after);
}

function changedWords(before: string, after: string): string[] {
  const left = before.split(", ");
  const right = after.split(", ");
  return left.flatMap((word, index) => {
    const is = right[index];
    const agrees = word === is || isReadBy262(word, is) || isBeforeTheEpoch(word, is);
    return agrees ? [] : [`${is} (should be ${word})`];
  });
}
