/** Parses and formats systemd time spans: systemd.time(7). */
import type { Bytes } from "./bytes.js";
import { MICROSECOND, type Nanoseconds } from "./time.js";

/** `infinity`: the largest 64-bit count of microseconds, which no clock reaches. */
export const INFINITE_SPAN: Nanoseconds = (2n ** 64n - 1n) * MICROSECOND;

const MICROSECONDS = 2n ** 64n - 1n;
const LARGEST_NUMBER = 2n ** 63n - 1n;
const S = 1_000_000n;
/** systemd.time(7): a year is 365.25 days, a month a twelfth of that. */
const MONTH = 2_629_800n * S;
const YEAR = 31_557_600n * S;

// The order matters: the first prefix of the text is the unit, so `m` comes after `min`, `months` and `ms`.
const UNITS: readonly (readonly [string, bigint])[] = [
  ["seconds", S],
  ["second", S],
  ["sec", S],
  ["s", S],
  ["minutes", 60n * S],
  ["minute", 60n * S],
  ["min", 60n * S],
  ["months", MONTH],
  ["month", MONTH],
  ["M", MONTH],
  ["msec", 1000n],
  ["ms", 1000n],
  ["m", 60n * S],
  ["hours", 3600n * S],
  ["hour", 3600n * S],
  ["hr", 3600n * S],
  ["h", 3600n * S],
  ["days", 86_400n * S],
  ["day", 86_400n * S],
  ["d", 86_400n * S],
  ["weeks", 604_800n * S],
  ["week", 604_800n * S],
  ["w", 604_800n * S],
  ["years", YEAR],
  ["year", YEAR],
  ["y", YEAR],
  ["usec", 1n],
  ["us", 1n],
  // The Greek letter and the micro sign, in UTF-8.
  ["\xce\xbcs", 1n],
  ["\xc2\xb5s", 1n],
];

const BLANKS = /[ \t\n\r]*/y;
// systemd parses the number with strtoll(3), which skips more kinds of whitespace than the rest of its parser.
const NUMBER = /[ \t\n\v\f\r]*([+-]?)(\d+)/y;
const FRACTION = /\.(\d*)/y;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function skipBlanks(text: string, at: number): number {
  return at + (match(BLANKS, text, at)?.[0].length ?? 0);
}

interface Term {
  readonly microseconds: bigint;
  readonly end: number;
}

/**
 * Parses a time span of systemd.time(7), such as `10d`, `1h 30min`, `1.5 years` or `infinity`. A number without a unit is
 * in seconds. The precision is a microsecond. Undefined if the text is not a valid time span or does not fit 64 bits.
 */
export function parseTimeSpan(text: Bytes): Nanoseconds | undefined {
  let at = skipBlanks(text, 0);
  if (text.startsWith("infinity", at)) {
    return skipBlanks(text, at + 8) === text.length ? INFINITE_SPAN : undefined;
  }
  if (at === text.length) return undefined;
  let sum = 0n;
  while (at < text.length) {
    const term = parseTerm(text, at);
    if (term === undefined || term.microseconds >= MICROSECONDS - sum) return undefined;
    sum += term.microseconds;
    at = skipBlanks(text, term.end);
  }
  return sum * MICROSECOND;
}

function parseTerm(text: string, from: number): Term | undefined {
  if (text[from] === "-") return undefined;
  const number = match(NUMBER, text, from);
  const value = BigInt(number?.[2] ?? "0");
  if (value > LARGEST_NUMBER || (number?.[1] === "-" && value > 0n)) return undefined;
  const behindNumber = from + (number?.[0].length ?? 0);
  const fraction = match(FRACTION, text, behindNumber);
  const digits = fraction?.[1];
  if (digits === "" || (digits === undefined && number === null)) return undefined;
  const behind = behindNumber + (fraction?.[0].length ?? 0);
  const unit = parseUnit(text, behind);
  if (unit === undefined || value >= MICROSECONDS / unit.size) return undefined;
  return { microseconds: value * unit.size + fractionOf(digits ?? "", unit.size), end: unit.end };
}

/** The unit may only be omitted at the end or before whitespace. */
function parseUnit(text: string, from: number): { readonly size: bigint; readonly end: number } | undefined {
  const at = skipBlanks(text, from);
  const unit = UNITS.find(([name]) => text.startsWith(name, at));
  if (unit !== undefined) return { size: unit[1], end: at + unit[0].length };
  return at > from || at === text.length ? { size: S, end: at } : undefined;
}

/** Rounds as systemd does: each digit's value is truncated to a whole microsecond. */
function fractionOf(digits: string, unit: bigint): bigint {
  let sum = 0n;
  let place = unit / 10n;
  for (let at = 0; at < digits.length && place > 0n; at++, place /= 10n)
    sum += BigInt(digits[at] ?? "0") * place;
  return sum;
}

// Without weeks, months and years: configuration uses days, and `10d` must come back unchanged.
const SHOWN: readonly (readonly [string, bigint])[] = [
  ["d", 86_400n * S],
  ["h", 3600n * S],
  ["min", 60n * S],
  ["s", S],
  ["ms", 1000n],
  ["us", 1n],
];

/** Formats a span so that `parseTimeSpan` can read it, such as `1d 12h`; `0` for an empty span. */
export function formatTimeSpan(span: Nanoseconds): string {
  if (span >= INFINITE_SPAN) return "infinity";
  let rest = span / MICROSECOND;
  const parts: string[] = [];
  for (const [name, size] of SHOWN) {
    if (rest >= size) parts.push(`${rest / size}${name}`);
    rest %= size;
  }
  return parts.join(" ") || "0";
}
