import type { Bytes } from "../base/bytes.js";
import type { Source } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";
import type { LineType } from "./line-type.js";

/** Bits of `AgeBy`; a file's and a directory's are told apart by where they stand. */
export const AGE_BY_ATIME = 1;
export const AGE_BY_BTIME = 2;
export const AGE_BY_CTIME = 4;
export const AGE_BY_MTIME = 8;
export type AgeBy = number;
export const DEFAULT_AGE_BY_FILE: AgeBy = AGE_BY_ATIME | AGE_BY_BTIME | AGE_BY_CTIME | AGE_BY_MTIME;
/** Without ctime, which cleaning itself moves: it would feed back into the next run. */
export const DEFAULT_AGE_BY_DIRECTORY: AgeBy = AGE_BY_ATIME | AGE_BY_BTIME | AGE_BY_MTIME;

export interface Age {
  readonly span: Nanoseconds;
  readonly byFile: AgeBy;
  readonly byDirectory: AgeBy;
  /** `~`: what lies immediately inside is kept. */
  readonly keepFirstLevel: boolean;
}

export interface Owner {
  readonly id: number;
  /** `:`: only for inodes that are created anew. */
  readonly onlyCreate: boolean;
}

export interface Mode {
  readonly bits: number;
  readonly onlyCreate: boolean;
  /** `~`: masked by the permissions that the inode has. */
  readonly masked: boolean;
}

/** Each modifier of tmpfiles.d(5), Type Modifiers, by its name. */
export interface Modifiers {
  /** `+` */ readonly force: boolean;
  /** `!` */ readonly boot: boolean;
  /** `-` */ readonly allowFailure: boolean;
  /** `=` */ readonly replaceWrongType: boolean;
  /** `~` */ readonly base64: boolean;
  /** `^` */ readonly credential: boolean;
  /** `$` */ readonly purge: boolean;
  /** `?` */ readonly ifSourceExists: boolean;
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
