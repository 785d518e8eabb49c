/** The options of the functions that make something temporary, and their checks. */
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

/** Where a temporary file or directory is made. */
export interface PlacementOptions {
  /**
   * `"small"` (the default) is for what fits into memory and may be lost at reboot: `$TMPDIR`, else /tmp. `"large"` is
   * for what is big, or has to outlive a reboot: `$TMPDIR`, else /var/tmp.
   */
  readonly size?: "small" | "large";
  /** This directory, and no other. It must be safe: see `UnsafePathError`. */
  readonly dir?: PathInput;
  /**
   * Where to go on when the place is full (ENOSPC, EDQUOT): `true` is the other standard places, a list is these
   * directories. Without it a full place throws `TempSpaceError`.
   */
  readonly fallback?: boolean | readonly PathInput[];
  /**
   * Whether local file systems may be missing still, so that only /run and memory will do: left out, it is found out
   * from systemd's own units and the mount table.
   */
  readonly earlyBoot?: boolean;
}

export interface NameOptions {
  /** Before the random part: `mayfly-`, by default. */
  readonly prefix?: string;
  /** After it: a file extension, mostly. */
  readonly suffix?: string;
}

/** For `mkdtemp` and `withTempDir`. */
export interface TempDirOptions extends PlacementOptions, NameOptions {}

/** What a new file holds. Where this does not fit, no file is left. */
export interface ContentOptions {
  /** Written before the file is handed out, and part of the decision whether a place is full. */
  readonly content?: string | Uint8Array;
  /** Bytes to make sure of: writes up to this length will not meet a full disk. */
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

/** The bytes of a path argument, which is checked. */
export function pathArgument(caller: string, name: string, path: PathInput): Bytes {
  requireArgument(caller, name, path, PATH);
  return pathBytes(path);
}

/** The bytes of a path argument, made absolute against the working directory and without needless slashes. */
export function pathBytes(path: PathInput): Bytes {
  const given = typeof path === "string" ? bytes(path) : fromBuffer(path);
  return normalize(isAbsolute(given) ? given : join(bytes(process.cwd()), given));
}

export interface NameParts {
  readonly prefix: Bytes;
  readonly suffix: Bytes;
}

const DEFAULT_PARTS: NameParts = { prefix: DEFAULT_PREFIX, suffix: NOTHING };

/** The fixed parts of a name, which were checked. */
export function nameParts({ prefix, suffix }: NameOptions): NameParts {
  if (prefix === undefined && suffix === undefined) return DEFAULT_PARTS;
  return {
    prefix: prefix === undefined ? DEFAULT_PREFIX : bytes(prefix),
    suffix: suffix === undefined ? NOTHING : bytes(suffix),
  };
}
