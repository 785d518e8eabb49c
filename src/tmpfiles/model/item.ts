/** Items and line types. */
import type { Bytes } from "../../base/bytes.js";
import { escapeForDisplay } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { Age } from "../syntax/age.js";
import type { Mode } from "../syntax/mode.js";
import type { Modifiers } from "../syntax/modifiers.js";
import type { Wording } from "../syntax/wording.js";
import type { RunContext } from "./run-context.js";

/**
 * What one item does at one path (for a glob: at each path that it matched). `existing` is true where the path was
 * found rather than made. Throws what went wrong; the run reports it and goes on.
 */
export type Handler = (run: RunContext, item: Item, path: Bytes, existing: boolean) => void;

/** What `parseArgument` says of an argument that it can't take; `at` is the offending byte's offset in the argument. */
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

/** Says of a part of an argument why it is left out, where the rest of the line still counts. */
export type Warn = (wording: Wording, at?: number) => void;

/** What an argument is resolved with. */
export interface ArgumentContext {
  /** Of the item, expanded and simplified, without the root. */
  readonly path: Bytes;
  /** The directory of --root, if there is one. */
  readonly root: Bytes | undefined;
  /** Replaces the specifiers; throws where it can't. Takes any length where `limit` says so. */
  expand(text: Bytes, limit?: number): Bytes;
  /** Whether there is anything at a path, which includes the root. A symlink in the last component is not followed. */
  exists(path: Bytes): boolean;
}

/** `resolveArgument` says that what the argument names is not there: the line is left out in silence. */
export class MissingSourceError extends Error {
  override readonly name = "MissingSourceError";
  readonly path: Bytes;

  constructor(path: Bytes) {
    super(`${escapeForDisplay(path)} does not exist`);
    this.path = path;
  }
}

/**
 * What a line is about. `file`, `directory` and `subvolume` lines with a glob for a path write to or adjust what is
 * there; with an exact path they create it.
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

/** The shape of a row: everything that the letter of a line decides. */
export interface LineType {
  readonly title: string;
  readonly kind: LineKind;
  /** What systemd-tmpfiles 262 calls the arguments that cannot be base64, and those that are required. */
  readonly in262?: { readonly arguments?: string; readonly action?: string };
  /** The first version of systemd that knows the type, if that is later than 252. */
  readonly since?: number;
  /** It empties a file that is there: always, or with the modifier `+`. */
  readonly truncates?: "always" | "forced";
  /** Whether the path is one path or a shell glob. */
  readonly path: "exact" | "glob";
  readonly argument: "none" | "optional" | "required";
  /**
   * The modifiers that mean something on this type. `$` and `?` are refused on all others, and `~` on those that take
   * an argument; the rest may stand anywhere.
   */
  readonly modifiers: string;
  /** Two lines that own one path conflict; lines that only adjust it do not. */
  readonly ownsPath: boolean;
  /** Whether an age on it does anything, and whether it is the path itself that ages rather than what lies inside. */
  readonly ages: false | "contents" | "itself";
  /** A line that inherits its age has that of the nearest directory line above it that has one. */
  readonly ageInheritance?: "source" | "inherits";
  readonly defaultMode?: number;
  /** Which of the mode and the owner it sets: both where it does not say; the others are read, and forgotten. */
  readonly permissions?: "owner" | "none";
  /** It changes what lies below its path too. */
  readonly recursive?: true;
  /** Of the argument as it is written. Throws `ArgumentError`: then the line is invalid. */
  readonly parseArgument?: (argument: Bytes, warn: Warn) => unknown;
  /**
   * What becomes of the parsed argument (undefined where there is none) once the line is known to count: escapes,
   * specifiers, defaults. Not asked for base64. Without it the argument stays as it was parsed.
   */
  readonly resolveArgument?: (parsed: unknown, context: ArgumentContext) => unknown;
  readonly create?: Handler;
  readonly remove?: Handler;
  readonly clean?: Handler;
  readonly purge?: Handler;
}

/** Whether a line of this type empties a file that is there; `forced`: it has the modifier `+`. */
export function truncates({ truncates: when }: LineType, forced: boolean): boolean {
  return when === "always" || (when === "forced" && forced);
}

export interface Owner {
  readonly id: number;
  /** `:`: only for inodes that are created anew. */
  readonly onlyCreate: boolean;
}

/** A line resolved against this host (or root): specifiers expanded, owners looked up, ready to be run. */
export interface Item {
  readonly source: Source;
  readonly letter: string;
  readonly type: LineType;
  readonly modifiers: Modifiers;
  /** Expanded, simplified, and prefixed with the root. */
  readonly path: Bytes;
  /** What the line type's own `parseArgument` made of it; bytes where it has none. */
  readonly argument: unknown;
  /** The bytes that are written or compared: after base64 and credentials. */
  readonly argumentBytes: Bytes | undefined;
  readonly mode: Mode | undefined;
  readonly user: Owner | undefined;
  readonly group: Owner | undefined;
  /** `X` inherits its own from the directory above: see items.ts. */
  readonly age: Age | undefined;
}

/** All items of one path, in the order in which they are applied, linked to those of the nearest path above. */
export interface ItemGroup {
  readonly path: Bytes;
  readonly glob: boolean;
  readonly items: Item[];
  parent: ItemGroup | undefined;
  readonly children: ItemGroup[];
}
