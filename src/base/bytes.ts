/**
 * Paths are bytes. A `Bytes` holds one byte per character (U+0000 to U+00FF), so it compares, hashes and slices like
 * kernel file names, uses one byte of memory per byte in V8, and cannot be confused with text: the brand makes it a type of its own.
 */
declare const bytesBrand: unique symbol;
export type Bytes = string & { readonly [bytesBrand]: true };

export const EMPTY = "" as Bytes;
export const ROOT = "/" as Bytes;
/** The directory itself, and its parent. */
export const SELF = "." as Bytes;
export const PARENT = ".." as Bytes;

/** A path from a caller. A string is encoded as UTF-8; pass a Buffer for a path that is not valid UTF-8. */
export type PathInput = string | Uint8Array;

const ASCII_ONLY = /^[\0-\x7f]*$/;

/** Encodes text as UTF-8. */
export function bytes(text: string): Bytes {
  return (ASCII_ONLY.test(text) ? text : Buffer.from(text, "utf8").toString("latin1")) as Bytes;
}

/** Whether every character is a byte. Text that `bytes` did not encode may contain others. */
export function isBytes(value: unknown): value is Bytes {
  return typeof value === "string" && !/[^\0-\xff]/.test(value);
}

export function fromBuffer(buffer: Uint8Array): Bytes {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength).toString("latin1") as Bytes;
}

export function toBuffer(value: Bytes): Buffer {
  return Buffer.from(value, "latin1");
}

/** Decodes UTF-8. Invalid sequences become U+FFFD, so use the result for display only, never in a system call. */
export function toText(value: Bytes): string {
  return ASCII_ONLY.test(value) ? value : toBuffer(value).toString("utf8");
}

export function isUtf8(value: Bytes): boolean {
  return ASCII_ONLY.test(value) || bytes(toText(value)) === value;
}

/** Printable ASCII without the backslash. */
const PLAIN = /^[ -[\]-~]*$/;
/**
 * C0, DEL, C1, bidirectional controls, line separators and lone surrogates: a terminal might act on them. The pattern is
 * inside the function because compiling Unicode properties is slow, and most runs do not need it.
 */
function isUnsafe(text: string): boolean {
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\]/u.test(text);
}
const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\\": "\\\\",
};

/** The bytes as one line that is safe on a terminal: control characters and invalid UTF-8 become C escapes. */
export function escapeForDisplay(value: Bytes): string {
  if (PLAIN.test(value)) return value;
  const text = toText(value);
  if (!isUnsafe(text) && bytes(text) === value) return text;
  let shown = "";
  for (let at = 0; at < value.length; ) {
    const character = characterAt(value, at);
    shown += character === undefined || isUnsafe(character) ? escaped(value, at, character) : character;
    at += character === undefined ? 1 : bytes(character).length;
  }
  return shown;
}

/** Printable ASCII, newlines and tabs. */
const HARMLESS = /^[\n\t -~]*$/;

/**
 * Makes multi-line text safe on a terminal: like `escapeForDisplay`, but keeps newlines, tabs and backslashes. Returns
 * bytes.
 */
export function harmless(text: Bytes): Bytes {
  if (HARMLESS.test(text)) return text;
  const parts = text.split(/([\n\t\\]+)/) as Bytes[];
  return parts.map((part, at) => (at % 2 === 0 ? bytes(escapeForDisplay(part)) : part)).join("") as Bytes;
}

function escaped(value: Bytes, at: number, character: string | undefined): string {
  const named = character === undefined ? undefined : NAMED_ESCAPES[character];
  if (named !== undefined) return named;
  const raw = value.slice(at, at + (character === undefined ? 1 : bytes(character).length));
  return raw.replace(/[\s\S]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The character whose UTF-8 sequence starts at `at`, or undefined if the sequence is invalid. */
function characterAt(value: Bytes, at: number): string | undefined {
  const lead = value.charCodeAt(at);
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  const sequence = value.slice(at, at + length) as Bytes;
  return length > 0 && sequence.length === length && isUtf8(sequence) ? toText(sequence) : undefined;
}

/** `name` below `directory`; an absolute `name` is joined as well, so that it stays below a root directory. */
export function join(directory: Bytes, name: Bytes): Bytes {
  const left = directory.endsWith("/") ? directory : `${directory}/`;
  return (left + (name.startsWith("/") ? name.slice(1) : name)) as Bytes;
}

/** The path without its last component: `/a` for `/a/b`, `/` for `/a`, `.` for `a`. */
export function dirname(path: Bytes): Bytes {
  const slash = path.lastIndexOf("/");
  return (slash > 0 ? path.slice(0, slash) : slash === 0 ? "/" : ".") as Bytes;
}

/**
 * `dirname` for a sequence of paths. Consecutive paths in one directory get the identical string object, which a map
 * finds without comparing characters.
 */
export function ancestors(): (path: Bytes) => Bytes {
  let last = "/" as Bytes;
  let inside = "/";
  return (path) => {
    if (path.startsWith(inside) && path.indexOf("/", inside.length) < 0) return last;
    last = dirname(path);
    inside = last === "/" ? last : `${last}/`;
    return last;
  };
}

export function basename(path: Bytes): Bytes {
  return path.slice(path.lastIndexOf("/") + 1) as Bytes;
}

export function components(path: Bytes): Bytes[] {
  return path.split("/").filter((part) => part !== "") as Bytes[];
}

export function isAbsolute(path: Bytes): boolean {
  return path.startsWith("/");
}

/**
 * The path without doubled or trailing slashes and without `.` components; `..` is kept, since its meaning
 * depends on symlinks, except at the start of an absolute path: the parent of the root is the root.
 */
export function normalize(path: Bytes): Bytes {
  if (path.length > 1 && path.startsWith("/") && !/\/(?:\/|\.?$|\.\/)|^\/\.\.(?:\/|$)/.test(path))
    return path;
  const kept = components(path).filter((part) => part !== ".");
  while (path.startsWith("/") && kept[0] === "..") kept.shift();
  return ((path.startsWith("/") ? "/" : "") + kept.join("/") || ".") as Bytes;
}

/** Whether the normalized `path` is `directory` or below it, comparing whole components. */
export function isBelow(path: Bytes, directory: Bytes): boolean {
  if (directory === "/") return path.startsWith("/");
  return path.startsWith(directory) && (path.length === directory.length || path[directory.length] === "/");
}
