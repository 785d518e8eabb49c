/** The messages about pragmas. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import type { Wording } from "./wording.js";

/** systemd-tmpfiles 262 has no pragmas, and so no words of its own. */
function pragma(problem: string, hint: string): Wording {
  return { message: `${problem}: ${hint}`, in262: `${problem} (${hint})` };
}

export const unknownPragma = (written: Bytes, valid: string): Wording =>
  pragma(
    `invalid pragma "${escapeForDisplay(written)}"`,
    `the next line cleans nothing; valid pragmas are ${valid}`,
  );

export const repeatedPragma = (written: Bytes): Wording =>
  pragma(`pragma "${escapeForDisplay(written)}" is repeated`, "the next line cleans nothing; write it once");

export const badAmount = (written: Bytes): Wording =>
  pragma(
    `invalid pragma "${escapeForDisplay(written)}"`,
    "the next line cleans nothing; the value is a number, with K, M, G, T, P or E for powers of 1024",
  );

export const badLowMark = (key: string): Wording =>
  pragma(
    `pragma "${key}=" requires "max-${key === "low" ? "size" : "inodes"}=" and must not be greater`,
    "the next line cleans nothing; write both in one comment",
  );

export const secondBudget = (): Wording =>
  pragma("the line has a budget already", "the next line cleans nothing; write all marks in one comment");

export const danglingPragma = (): Wording =>
  pragma("no line follows the pragma", "put it before the line that it is for, in the same file");
