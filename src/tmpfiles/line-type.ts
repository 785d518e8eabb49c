import type { Bytes } from "../base/bytes.js";
import type { Item } from "./item.js";
import type { Run } from "./run.js";

/**
 * What one item does at one path (for a glob: at each path that it matched). `existing` is true where the path was
 * found rather than made. Throws what went wrong; the run reports it and goes on.
 */
export type Handler = (run: Run, item: Item, path: Bytes, existing: boolean) => void;

/** What `parseArgument` says of an argument that it can't take; `at` is the offending byte's offset in the argument. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
  readonly at: number;

  constructor(message: string, at = 0) {
    super(message);
    this.at = at;
  }
}

/** The shape of a row: everything that the letter of a line decides. */
export interface LineType {
  readonly title: string;
  /** Whether the path is one path or a shell glob. */
  readonly path: "exact" | "glob";
  readonly argument: "none" | "optional" | "required";
  /** The modifiers that mean something on this type. */
  readonly modifiers: string;
  /** Two lines that own one path conflict; lines that only adjust it do not. */
  readonly ownsPath: boolean;
  /** Whether an age on it does anything. */
  readonly ages: boolean;
  readonly defaultMode?: number;
  readonly parseArgument?: (argument: Bytes) => unknown;
  readonly create?: Handler;
  readonly remove?: Handler;
  readonly clean?: Handler;
  readonly purge?: Handler;
}
