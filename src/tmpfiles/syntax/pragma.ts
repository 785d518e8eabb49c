/** Pragmas: comments that restrict what the age of the next line removes. systemd-tmpfiles ignores them. */
import type { Bytes } from "../../base/bytes.js";
import { BUDGET_KEYS, type Budget, type BudgetKey, budgetOf, OWN_SUFFIX, parseMark } from "./budget.js";
import type { Problem } from "./diagnostics.js";
import { isBlank, skipBlanks } from "./lex.js";
import * as wording from "./pragma-wording.js";

/** What pragmas say about a line. */
export interface Pragmas {
  /** Entries that a process uses are kept. */
  readonly keepOpen: boolean;
  /** Each directory directly below the path is removed as a whole or not at all. */
  readonly wholeUnits: boolean;
  /** The line cleans nothing before the clock is synchronized. */
  readonly afterClockSync: boolean;
  /** How much the directory may hold. */
  readonly budget?: Budget;
  /** A pragma of the line is invalid: since it is unknown what it should keep, the line cleans nothing. */
  readonly invalid: boolean;
}

const NO_PRAGMAS: Pragmas = { keepOpen: false, wholeUnits: false, afterClockSync: false, invalid: false };

const MARKER = "#@";

type Flag = Exclude<keyof Pragmas, "budget">;

/** Each pragma that has no value, as it is written. */
const PRAGMAS: ReadonlyMap<string, Flag> = new Map([
  ["keep-open", "keepOpen"],
  ["unit=toplevel", "wholeUnits"],
  ["after=clock-sync", "afterClockSync"],
]);

const VALID = [...PRAGMAS.keys(), ...BUDGET_KEYS.map((key) => `${key}=`)].join(", ");

/** Collects the pragmas before a line, from any number of comments. */
export class PragmaReader {
  #pending: (Record<Flag, boolean> & { budget?: Budget }) | undefined;
  readonly #marks = new Map<BudgetKey, number>();
  readonly #evictsEarly: boolean;
  /** The position of the first pending pragma. */
  #first: { readonly text: Bytes; readonly line: number; readonly column: number } | undefined;

  constructor(file: Bytes) {
    this.#evictsEarly = file.endsWith(OWN_SUFFIX);
  }

  /** Reads a comment; `start` is the offset of its `#`. Other comments are ignored. */
  read(text: Bytes, line: number, start: number, report: (problem: Problem) => void): void {
    const begin = start + MARKER.length;
    if (!text.startsWith(MARKER, start) || !(begin === text.length || isBlank(text.charCodeAt(begin))))
      return;
    this.#first ??= { text, line, column: start + 1 };
    this.#pending ??= { ...NO_PRAGMAS };
    for (let at = skipBlanks(text, begin); at < text.length; ) {
      let end = at;
      while (end < text.length && !isBlank(text.charCodeAt(end))) end++;
      this.#add(text.slice(at, end) as Bytes, at + 1, report);
      at = skipBlanks(text, end);
    }
    this.#setBudget(start + 1, report);
  }

  #add(written: Bytes, column: number, report: (problem: Problem) => void): void {
    const pending = this.#pending ?? { ...NO_PRAGMAS };
    const known = PRAGMAS.get(written);
    if (known !== undefined && !pending[known]) {
      pending[known] = true;
      return;
    }
    const mark = parseMark(written);
    if (mark?.amount !== undefined && !this.#marks.has(mark.key)) {
      this.#marks.set(mark.key, mark.amount);
      return;
    }
    pending.invalid = true;
    const isRepeated = known !== undefined || (mark !== undefined && this.#marks.has(mark.key));
    const said = isRepeated
      ? wording.repeatedPragma(written)
      : mark !== undefined
        ? wording.badAmount(written)
        : wording.unknownPragma(written, VALID);
    report({ code: "bad-pragma", column, ...said });
  }

  /** The marks of one comment belong together. */
  #setBudget(column: number, report: (problem: Problem) => void): void {
    const pending = this.#pending;
    if (pending === undefined || this.#marks.size === 0) return;
    const budget = budgetOf(this.#marks, this.#evictsEarly);
    const isRepeated = pending.budget !== undefined;
    this.#marks.clear();
    if (!("wrong" in budget) && !isRepeated) {
      pending.budget = budget;
      return;
    }
    pending.invalid = true;
    const said = "wrong" in budget ? wording.badLowMark(budget.wrong) : wording.secondBudget();
    report({ code: "bad-pragma", column, ...said });
  }

  /** The pragmas of the line that comes now. */
  take(): Pragmas | undefined {
    const pragmas = this.#pending;
    this.#pending = undefined;
    this.#first = undefined;
    return pragmas;
  }

  /** Where a pragma stands that no line follows. */
  get dangling(): { readonly text: Bytes; readonly line: number; readonly problem: Problem } | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    const { text, line, column } = first;
    return { text, line, problem: { code: "bad-pragma", column, ...wording.danglingPragma() } };
  }
}
