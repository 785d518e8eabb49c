/** The options of the functions that create temporary files and directories, and their checks. */
import {
  BOOLEAN,
  COUNT,
  choices,
  DATA,
  type Expectation,
  type Expectations,
  either,
  listOf,
  PATH,
  requireArgument,
} from "../base/arguments.js";
import { type Bytes, bytes, fromBuffer, isAbsolute, join, normalize, type PathInput } from "../base/bytes.js";

/** Where to create a temporary file or directory. */
export interface PlacementOptions {
  /**
   * `"small"` (the default) is for files that fit into memory and may be lost at reboot: `$TMPDIR`, else /tmp. `"large"` is
   * for files that are large or must survive a reboot: `$TMPDIR`, else /var/tmp.
   */
  readonly size?: "small" | "large";
  /** Use this directory. It must be safe: see `UnsafePathError`. */
  readonly dir?: PathInput;
  /**
   * Directories to try if the first one is full (ENOSPC, EDQUOT); `true` stands for the other standard directories. Without
   * it, a full directory causes a `TempSpaceError`.
   */
  readonly fallback?: boolean | readonly PathInput[];
  /**
   * Whether local file systems may not be mounted yet, so that only /run and memory can be used. By default, this is
   * determined from systemd's units and the mount table.
   */
  readonly earlyBoot?: boolean;
}

export interface NameOptions {
  /** The part before the random digits; `mayfly-` by default. */
  readonly prefix?: string;
  /** The part after the random digits, such as a file extension. */
  readonly suffix?: string;
}

/** For `mkdtemp` and `withTempDir`. */
export interface TempDirOptions extends PlacementOptions, NameOptions {}

/** The contents of a new file. If they do not fit, no file is left behind. */
export interface ContentOptions {
  /** Initial contents, written before the file is returned. If they do not fit, the directory counts as full. */
  readonly content?: string | Uint8Array;
  /** The number of bytes to reserve: writes up to this length cannot fail because of a full disk. */
  readonly reserve?: number;
}

/** For `openTemp`. */
export interface TempFileOptions extends PlacementOptions, ContentOptions {}

/** For `mkstemp`. */
export interface NamedTempFileOptions extends PlacementOptions, NameOptions, ContentOptions {}

export const DEFAULT_PREFIX = "mayfly-" as Bytes;
const NOTHING = "" as Bytes;

const NAME_PART: Expectation = {
  what: 'a part of a file name: a string without "/" and NUL',
  accepts: (value) => typeof value === "string" && !/[/\0]/.test(value),
};
export const NAME_OPTIONS: Expectations = { prefix: NAME_PART, suffix: NAME_PART };
const PLACEMENT_OPTIONS: Expectations = {
  size: choices("small", "large"),
  dir: PATH,
  fallback: either(BOOLEAN, listOf(PATH)),
  earlyBoot: BOOLEAN,
};
export const CONTENT_OPTIONS: Expectations = { content: DATA, reserve: COUNT };
export const DIRECTORY_OPTIONS: Expectations = { ...NAME_OPTIONS, ...PLACEMENT_OPTIONS };
export const FILE_OPTIONS: Expectations = { ...PLACEMENT_OPTIONS, ...CONTENT_OPTIONS };
export const NAMED_FILE_OPTIONS: Expectations = { ...DIRECTORY_OPTIONS, ...CONTENT_OPTIONS };

/** Checks a path argument and returns its bytes. */
export function pathArgument(caller: string, name: string, path: PathInput): Bytes {
  requireArgument(caller, name, path, PATH);
  return pathBytes(path);
}

/** Checks a path argument and returns it as an absolute, normalized path. */
export function pathBytes(path: PathInput): Bytes {
  const given = typeof path === "string" ? bytes(path) : fromBuffer(path);
  return normalize(isAbsolute(given) ? given : join(bytes(process.cwd()), given));
}

export interface NameParts {
  readonly prefix: Bytes;
  readonly suffix: Bytes;
}

const DEFAULT_PARTS: NameParts = { prefix: DEFAULT_PREFIX, suffix: NOTHING };

/** The checked prefix and suffix of a name. */
export function nameParts({ prefix, suffix }: NameOptions): NameParts {
  if (prefix === undefined && suffix === undefined) return DEFAULT_PARTS;
  return {
    prefix: prefix === undefined ? DEFAULT_PREFIX : bytes(prefix),
    suffix: suffix === undefined ? NOTHING : bytes(suffix),
  };
}
