/** Items and line types. */
import type { Bytes } from "../../base/bytes.js";
import { escapeForDisplay } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { Age } from "../syntax/age.js";
import type { Mode } from "../syntax/mode.js";
import type { Modifiers } from "../syntax/modifiers.js";
import type { Pragmas } from "../syntax/pragma.js";
import type { Wording } from "../syntax/wording.js";
import type { RunContext } from "./run-context.js";

/**
 * Applies an item at one path; for a glob, at each path that it matches. `existing` is true if a glob found the path. A
 * handler throws its errors: the run reports them and continues.
 */
export type Handler<Argument = unknown> = (
  run: RunContext,
  item: Item<Argument>,
  path: Bytes,
  existing: boolean,
) => void;

/** The argument of a line is invalid. `at` is the offset of the offending byte in the argument. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
  readonly at: number;
  readonly wording: Wording;

  constructor(wording: Wording, at = 0) {
    super(wording.message);
    this.wording = wording;
    this.at = at;
  }
}

/** Reports why a part of an argument is ignored; the rest of the line still applies. */
export type Warn = (wording: Wording, at?: number) => void;

/** What `resolveArgument` needs to know. */
export interface ArgumentContext {
  /** The item's path, expanded and simplified, without the root. */
  readonly path: Bytes;
  /** The directory of --root. */
  readonly root: Bytes | undefined;
  /** Replaces the specifiers, or throws. `limit` is the greatest length of the result. */
  expand(text: Bytes, limit?: number): Bytes;
  /** Whether a path, which includes the root, exists. A symlink in the last component is not followed. */
  exists(path: Bytes): boolean;
}

/** The argument names something that does not exist: the line is skipped silently. */
export class MissingSourceError extends Error {
  override readonly name = "MissingSourceError";
  readonly path: Bytes;

  constructor(path: Bytes) {
    super(`${escapeForDisplay(path)} does not exist`);
    this.path = path;
  }
}

/**
 * The purpose of a line. `file`, `directory` and `subvolume` lines create an exact path; those with a glob change existing
 * inodes.
 */
export type LineKind =
  | "file"
  | "directory"
  | "subvolume"
  | "fifo"
  | "symlink"
  | "device"
  | "copy"
  | "exclusion"
  | "removal"
  | "adjustment";

/** A row of the table: everything that the letter of a line decides. */
export interface LineType {
  readonly title: string;
  readonly kind: LineKind;
  /** How systemd-tmpfiles 262 words that an argument cannot be base64, or is required. */
  readonly in262?: { readonly arguments?: string; readonly action?: string };
  /** The first version of systemd that knows the type, if that is later than 252. */
  readonly since?: number;
  /** It truncates an existing file: always, or with the modifier `+`. */
  readonly truncates?: "always" | "forced";
  /** Whether the path is one path or a shell glob. */
  readonly path: "exact" | "glob";
  readonly argument: "none" | "optional" | "required";
  /**
   * The modifiers that have an effect on this type. `$` and `?` are errors on all others, and `~` on those that have an
   * argument; the rest are ignored.
   */
  readonly modifiers: string;
  /** Two lines that own the same path conflict; lines that only adjust it do not. */
  readonly ownsPath: boolean;
  /** Whether the line's age applies to what is inside the path, to the path itself, or to nothing. */
  readonly ages: false | "contents" | "itself";
  /** `inherits`: without an age, the line has that of the nearest `source` above it. */
  readonly ageInheritance?: "source" | "inherits";
  readonly defaultMode?: number;
  /** Which of mode and owner it sets; both by default. The others are parsed and ignored. */
  readonly permissions?: "owner" | "none";
  /** It also changes everything below its path. */
  readonly recursive?: true;
  /** @internal */
  readonly parseArgument?: ParseArgument<unknown> | undefined;
  /** @internal */
  readonly resolveArgument?: ResolveArgument<unknown, unknown> | undefined;
  /** @internal */
  readonly create?: Handler;
  /** @internal */
  readonly remove?: Handler;
  /** @internal */
  readonly clean?: Handler;
  /** @internal */
  readonly purge?: Handler;
}

/** Parses the argument as written. Throws `ArgumentError` if the line is invalid. */
type ParseArgument<Parsed> = (argument: Bytes, warn: Warn) => Parsed;

/**
 * Resolves the parsed argument, which is undefined if the line has none: escapes, specifiers, defaults. It is called only
 * for lines that apply, and not for base64. Without it, the argument stays as it was parsed.
 */
type ResolveArgument<Parsed, Argument> = (parsed: Parsed | undefined, context: ArgumentContext) => Argument;

type Operations<Argument> = {
  readonly [Operation in "create" | "remove" | "clean" | "purge"]?: Handler<Argument>;
};

/** How the argument of a row gets to its handlers: as written, parsed, resolved, or both. */
type ArgumentFlow<Parsed, Argument> =
  | ({ readonly parseArgument?: undefined; readonly resolveArgument?: undefined } & Operations<unknown>)
  | ({
      readonly parseArgument: ParseArgument<Argument>;
      readonly resolveArgument?: undefined;
    } & Operations<Argument>)
  | ({
      readonly parseArgument?: undefined;
      readonly resolveArgument: ResolveArgument<Bytes, Argument>;
    } & Operations<Argument>)
  | ({
      readonly parseArgument: ParseArgument<Parsed>;
      readonly resolveArgument: ResolveArgument<Parsed, Argument>;
    } & Operations<Argument>);

/**
 * Checks that a row's handlers expect the argument that its own functions return. The table forgets that type: an item has
 * the argument of its own row, so the handlers get what they expect.
 */
export function defineLineType<Parsed, Argument>(
  type: Omit<LineType, keyof Operations<unknown> | "parseArgument" | "resolveArgument"> &
    ArgumentFlow<Parsed, Argument>,
): LineType {
  return type as unknown as LineType;
}

/** Whether a line of this type truncates an existing file. `forced`: it has the modifier `+`. */
export function truncates({ truncates: when }: LineType, forced: boolean): boolean {
  return when === "always" || (when === "forced" && forced);
}

export interface Owner {
  readonly id: number;
  /** `:`: it only applies to new inodes. */
  readonly onlyCreate: boolean;
}

/** A line resolved for this host or root: specifiers are expanded, owners are looked up. */
export interface Item<Argument = unknown> {
  readonly source: Source;
  readonly letter: string;
  readonly type: LineType;
  readonly modifiers: Modifiers;
  /** Expanded, simplified, and prefixed with the root. */
  readonly path: Bytes;
  /** The argument as the line type parsed and resolved it. */
  readonly argument: Argument;
  /** The bytes to write or compare: after base64 and credentials. */
  readonly argumentBytes: Bytes | undefined;
  readonly mode: Mode | undefined;
  readonly user: Owner | undefined;
  readonly group: Owner | undefined;
  /** See `ageInheritance`. */
  readonly age: Age | undefined;
  /** What further restricts the age. */
  readonly pragmas?: Pragmas | undefined;
}

/** All items of one path, in the order in which they are applied, linked to those of the nearest path above. */
export interface ItemGroup {
  readonly path: Bytes;
  readonly glob: boolean;
  readonly items: Item[];
  parent: ItemGroup | undefined;
  readonly children: ItemGroup[];
}
