/** Budgets: how much a directory may hold, as pragmas such as `max-size=4G low=3G`. */
import type { Bytes } from "../../base/bytes.js";

/** A high-water mark, and the low-water mark that cleaning stops at. */
export interface WaterMarks {
  readonly max: number;
  readonly low: number;
}

export interface Budget {
  /** Of the bytes on disk. */
  readonly size: WaterMarks | undefined;
  readonly inodes: WaterMarks | undefined;
  /**
   * Above a mark, entries are removed before the age of the line. False in files that systemd-tmpfiles reads as well: there,
   * old entries are removed only above a mark.
   */
  readonly evictsEarly: boolean;
}

export const BUDGET_KEYS = ["max-size", "low", "max-inodes", "low-inodes"] as const;
export type BudgetKey = (typeof BUDGET_KEYS)[number];

/** Files with this suffix are Mayfly's alone: systemd-tmpfiles reads only `*.conf`. */
export const OWN_SUFFIX = ".mayfly";

const AMOUNT = /^(\d+)([KMGTPE]?)$/;
/** The position is the power of 1024. */
const UNITS = ["", "K", "M", "G", "T", "P", "E"];

/** Splits `KEY=AMOUNT`; undefined if the key is another one. The amount is undefined if it is invalid. */
export function parseMark(
  written: Bytes,
): { readonly key: BudgetKey; readonly amount: number | undefined } | undefined {
  const at = written.indexOf("=");
  const key = BUDGET_KEYS.find((each) => each === written.slice(0, at));
  return key && { key, amount: parseAmount(written.slice(at + 1)) };
}

/** The suffixes are powers of 1024. */
function parseAmount(text: string): number | undefined {
  const [, digits, unit = ""] = AMOUNT.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const amount = Number(digits) * 1024 ** UNITS.indexOf(unit);
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** The budget, or the key of the mark that is missing or above its maximum. Without a low-water mark, cleaning stops at the maximum. */
export function budgetOf(
  marks: ReadonlyMap<BudgetKey, number>,
  evictsEarly: boolean,
): Budget | { readonly wrong: BudgetKey } {
  const size = marksOf(marks, "max-size", "low");
  const inodes = marksOf(marks, "max-inodes", "low-inodes");
  if (size === null) return { wrong: "low" };
  if (inodes === null) return { wrong: "low-inodes" };
  return { size, inodes, evictsEarly };
}

function marksOf(
  marks: ReadonlyMap<BudgetKey, number>,
  high: BudgetKey,
  lower: BudgetKey,
): WaterMarks | undefined | null {
  const max = marks.get(high);
  const low = marks.get(lower);
  if (max === undefined) return low === undefined ? undefined : null;
  return low !== undefined && low > max ? null : { max, low: low ?? max };
}
