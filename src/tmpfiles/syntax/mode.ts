/** The mode field of a line. */
import type { Bytes } from "../../base/bytes.js";

export interface Mode {
  readonly bits: number;
  readonly onlyCreate: boolean;
  /** `~`: masked by the current permissions of the inode. */
  readonly masked: boolean;
}

import type { FieldProblem } from "./age.js";

const MODE = /^([~:]*)[ \t\n\v\f\r]*0*([0-7]{1,4})$/;
const PREFIXES = /^[~:]*/;

/** Parses the mode field: octal, up to 07777, after `~` (masked) and `:` (only for new inodes) in any order. */
export function parseMode(field: Bytes): Mode | FieldProblem {
  const match = MODE.exec(field);
  if (match === null) return { problem: "mode", at: PREFIXES.exec(field)?.[0].length ?? 0 };
  const prefixes = match[1] ?? "";
  return {
    bits: Number.parseInt(match[2] ?? "", 8),
    onlyCreate: prefixes.includes(":"),
    masked: prefixes.includes("~"),
  };
}
