/** What the cleaner will do to an entry, in the form in which a report adds it up. */
import type { Source, TimestampName } from "../base/events.js";
import { hasDate, type Nanoseconds, SECOND } from "../base/time.js";
import type { ReasonCode } from "../inspect/index.js";
import { S_IFDIR } from "../sys/inode.js";
import type { StatxBuffer } from "../sys/scan.js";
import { type AgeRule, TIMESTAMPS } from "../tmpfiles/ageing/age-rule.js";

/** The run that removes an entry is unknown: no run until the end of the report removes it. */
export const NO_RUN = -1;

/** One object is reused for all entries of a walk. */
export class EntryVerdict {
  /** The index of the run that removes the entry, or NO_RUN. */
  run = NO_RUN;
  /** Why the entry is kept; undefined if only its age keeps it until it expires. */
  code: ReasonCode | undefined;
  /** Further detail, such as the errno of `unreadable`. */
  detail: string | undefined;
  line: Source | undefined;
  /** The newest timestamp that the line checks; `word` is its offset in struct statx, 0 if there is none. */
  word = 0;
  seconds = 0;
  nanoseconds = 0;
  /** The age of the line, if the entry expires by it. */
  age: Nanoseconds | undefined;

  /** The entry is kept, whatever its age. */
  keep(code: ReasonCode, line: Source | undefined, detail?: string): this {
    this.run = NO_RUN;
    this.code = code;
    this.detail = detail;
    this.line = line;
    this.word = 0;
    this.seconds = 0;
    this.nanoseconds = 0;
    this.age = undefined;
    return this;
  }
}

/** When an entry expires whose newest timestamp this is: a timestamp equal to the cutoff still keeps it. */
export function expiryOf(
  seconds: number,
  nanoseconds: number,
  age: Nanoseconds | undefined,
): Nanoseconds | undefined {
  if (age === undefined) return undefined;
  const expires = BigInt(seconds) * SECOND + BigInt(nanoseconds) + age + 1n;
  return hasDate(expires) ? expires : undefined;
}

export function timestampName(word: number): TimestampName | undefined {
  return TIMESTAMPS.find(([, each]) => each === word)?.[2];
}

/** Judges entries by their timestamps, for one line: without allocation, since it is asked for each entry. */
export class AgeJudge {
  /** For each run, the timestamp from which on an entry is still too new. */
  readonly #seconds: Float64Array;
  readonly #nanoseconds: Float64Array;
  readonly #rule: AgeRule;
  readonly age: Nanoseconds;

  /** `last`: the time at which the rule's cutoff was computed. */
  constructor(rule: AgeRule, runs: readonly Nanoseconds[], last: Nanoseconds) {
    this.#rule = rule;
    this.age = last - (BigInt(rule.cutoffSeconds) * SECOND + BigInt(rule.cutoffNanoseconds));
    const cutoffs = runs.map((run) => run - this.age);
    // BigInt division rounds towards zero: before the epoch, the nanoseconds are negative.
    this.#seconds = Float64Array.from(cutoffs, (cutoff) => Number((cutoff - mod(cutoff)) / SECOND));
    this.#nanoseconds = Float64Array.from(cutoffs, (cutoff) => Number(mod(cutoff)));
  }

  /** Sets the newest timestamp of the verdict. */
  newest(stat: StatxBuffer, verdict: EntryVerdict): void {
    const { byDirectory, byFile } = this.#rule;
    const ageBy = stat.type === S_IFDIR ? byDirectory : byFile;
    verdict.age = this.age;
    verdict.word = 0;
    verdict.seconds = 0;
    verdict.nanoseconds = 0;
    for (const [bit, word] of TIMESTAMPS) {
      if ((ageBy & bit) === 0) continue;
      const seconds = stat.seconds(word);
      const nanoseconds = stat.nanoseconds(word);
      // A file system that does not store a birth time reports zero.
      if (seconds === 0 && nanoseconds === 0) continue;
      if (
        verdict.word === 0 ||
        seconds > verdict.seconds ||
        (seconds === verdict.seconds && nanoseconds > verdict.nanoseconds)
      ) {
        verdict.word = word;
        verdict.seconds = seconds;
        verdict.nanoseconds = nanoseconds;
      }
    }
  }

  /** The first run at which an entry with this newest timestamp has expired, or NO_RUN. */
  runOf(seconds: number, nanoseconds: number): number {
    let from = 0;
    const count = this.#seconds.length;
    for (let to = count; from < to; ) {
      const middle = (from + to) >> 1;
      const cutoff = this.#seconds[middle] as number;
      const isOld =
        seconds < cutoff || (seconds === cutoff && nanoseconds < (this.#nanoseconds[middle] as number));
      if (isOld) to = middle;
      else from = middle + 1;
    }
    return from === count ? NO_RUN : from;
  }
}

function mod(time: Nanoseconds): Nanoseconds {
  return ((time % SECOND) + SECOND) % SECOND;
}
