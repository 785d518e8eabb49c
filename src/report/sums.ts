/** Adds up entries by owner, line, run and reason: sums only, so that memory does not grow with the number of entries. */
import type { Bytes } from "../base/bytes.js";
import type { Source } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";
import type { ReasonCode } from "../inspect/index.js";
import { NO_RUN } from "./verdict.js";

export interface Sum {
  entries: number;
  bytes: number;
}

/** The steps of days left: removed by the next run, within 3 days, within 7 days, later, and never. */
const STEPS = 5;
const LATER = 3;
const NEVER = 4;
const DAYS_OF_STEPS = [3, 7];

/** The step of each run. */
export function stepsOf(runs: readonly Nanoseconds[], from: Nanoseconds): Uint8Array {
  return Uint8Array.from(runs, (run, index) => {
    const days = Number((run - from) / 1_000_000_000n) / 86_400;
    const step = DAYS_OF_STEPS.findIndex((most) => days <= most);
    return index === 0 ? 0 : step < 0 ? LATER : step + 1;
  });
}

export function stepOf(steps: Uint8Array, { run, isKept }: Part): number {
  return run !== NO_RUN ? (steps[run] ?? LATER) : isKept ? NEVER : LATER;
}

export const newSteps = (): number[] => new Array<number>(STEPS).fill(0);

/** Entries and bytes by what becomes of them. `goes` counts what a removal frees, the others what is allocated. */
export interface UsageSums {
  /** All of them. */
  readonly total: Sum;
  /** Removed until the end of the report. */
  readonly goes: Sum;
  /** Kept, whatever their age. The others expire after the end of the report. */
  readonly kept: Sum;
}

export const newSum = (): Sum => ({ entries: 0, bytes: 0 });
export const newSums = (): UsageSums => ({ total: newSum(), goes: newSum(), kept: newSum() });

export function add(to: Sum, { entries, bytes }: Sum): void {
  to.entries += entries;
  to.bytes += bytes;
}

export function addSums(to: UsageSums, from: UsageSums): void {
  add(to.total, from.total);
  add(to.goes, from.goes);
  add(to.kept, from.kept);
}

/** What one entry adds. `freed`: what its removal frees; `isKept`: it never expires. */
export interface Part {
  readonly bytes: number;
  readonly freed: number;
  readonly run: number;
  readonly isKept: boolean;
}

export function addPart({ total, goes, kept }: UsageSums, { bytes, freed, run, isKept }: Part): void {
  total.entries++;
  total.bytes += bytes;
  if (run !== NO_RUN) {
    goes.entries++;
    goes.bytes += freed;
  } else if (isKept) {
    kept.entries++;
    kept.bytes += bytes;
  }
}

export interface LineSums {
  readonly line: Source | undefined;
  readonly sums: UsageSums;
  /** What each run removes because of the line. */
  readonly runs: Map<number, Sum>;
}

export interface ReasonSums {
  readonly code: ReasonCode;
  readonly line: Source | undefined;
  readonly sum: Sum;
  /** The largest entry that is kept for this reason. */
  largest: { readonly path: Bytes; readonly bytes: number } | undefined;
}

/** The sums of a whole report. */
export class Totals {
  readonly all = newSums();
  readonly owners = new Map<number, UsageSums>();
  readonly lines: LineSums[] = [];
  readonly reasons: ReasonSums[] = [];
  #owner = Number.NaN;
  #ownerSums = newSums();
  #line: LineSums | undefined;
  #reason: ReasonSums | undefined;

  add(
    part: Part,
    uid: number,
    line: Source | undefined,
    code: ReasonCode | undefined,
    path: () => Bytes,
  ): void {
    addPart(this.all, part);
    addPart(this.#ofOwner(uid), part);
    const ofLine = this.#ofLine(line);
    addPart(ofLine.sums, part);
    if (part.run !== NO_RUN) {
      const sum = ofLine.runs.get(part.run);
      if (sum === undefined) ofLine.runs.set(part.run, { entries: 1, bytes: part.freed });
      else {
        sum.entries++;
        sum.bytes += part.freed;
      }
    } else if (part.isKept && code !== undefined) {
      const reason = this.#ofReason(code, line);
      reason.sum.entries++;
      reason.sum.bytes += part.bytes;
      if (reason.largest === undefined || part.bytes > reason.largest.bytes)
        reason.largest = { path: path(), bytes: part.bytes };
    }
  }

  #ofOwner(uid: number): UsageSums {
    if (uid === this.#owner) return this.#ownerSums;
    let sums = this.owners.get(uid);
    if (sums === undefined) {
      sums = newSums();
      this.owners.set(uid, sums);
    }
    this.#owner = uid;
    this.#ownerSums = sums;
    return sums;
  }

  #ofLine(line: Source | undefined): LineSums {
    if (this.#line?.line === line && this.#line !== undefined) return this.#line;
    let found = this.lines.find((each) => isSameLine(each.line, line));
    if (found === undefined) {
      found = { line, sums: newSums(), runs: new Map() };
      this.lines.push(found);
    }
    this.#line = found;
    return found;
  }

  #ofReason(code: ReasonCode, line: Source | undefined): ReasonSums {
    const last = this.#reason;
    if (last !== undefined && last.code === code && last.line === line) return last;
    let found = this.reasons.find((each) => each.code === code && isSameLine(each.line, line));
    if (found === undefined) {
      found = { code, line, sum: newSum(), largest: undefined };
      this.reasons.push(found);
    }
    this.#reason = found;
    return found;
  }
}

export function isSameLine(a: Source | undefined, b: Source | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.line === b.line && a.file === b.file);
}
