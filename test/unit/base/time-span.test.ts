import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { formatTimeSpan, INFINITE_SPAN, parseTimeSpan } from "#src/base/time-span.js";

const microseconds = (text: string): bigint | undefined => {
  const span = parseTimeSpan(bytes(text));
  return span === undefined ? undefined : span / 1000n;
};

/** Every unit that tmpfiles.d(5) and systemd.time(7) name, in microseconds. */
const UNITS: Readonly<Record<string, bigint>> = {
  us: 1n,
  usec: 1n,
  µs: 1n,
  μs: 1n,
  ms: 1000n,
  msec: 1000n,
  s: 1_000_000n,
  sec: 1_000_000n,
  second: 1_000_000n,
  seconds: 1_000_000n,
  "": 1_000_000n,
  m: 60_000_000n,
  min: 60_000_000n,
  minute: 60_000_000n,
  minutes: 60_000_000n,
  h: 3_600_000_000n,
  hr: 3_600_000_000n,
  hour: 3_600_000_000n,
  hours: 3_600_000_000n,
  d: 86_400_000_000n,
  day: 86_400_000_000n,
  days: 86_400_000_000n,
  w: 604_800_000_000n,
  week: 604_800_000_000n,
  weeks: 604_800_000_000n,
  M: 2_629_800_000_000n,
  month: 2_629_800_000_000n,
  months: 2_629_800_000_000n,
  y: 31_557_600_000_000n,
  year: 31_557_600_000_000n,
  years: 31_557_600_000_000n,
};

test("a time span is a sum of numbers with units, in any order", () => {
  const term = fc.tuple(fc.nat(100_000), fc.constantFrom(...Object.keys(UNITS)));
  fc.assert(
    fc.property(
      fc.array(term, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(" ", "  ", "\t"),
      (terms, gap) => {
        const wanted = terms.reduce((sum, [count, unit]) => sum + BigInt(count) * (UNITS[unit] ?? 0n), 0n);
        assert.equal(microseconds(terms.map(([count, unit]) => `${count}${unit}`).join(gap)), wanted);
        assert.equal(microseconds(terms.map(([count, unit]) => `${count} ${unit}`).join(gap)), wanted);
      },
    ),
  );
});

test("fractions are cut to a microsecond, digit by digit", () => {
  assert.equal(microseconds("1.5h"), 5_400_000_000n);
  assert.equal(microseconds(".5h"), 1_800_000_000n);
  assert.equal(microseconds("0.0000019s"), 1n);
  assert.equal(microseconds("1.9us"), 1n);
  assert.equal(microseconds("1 .5h"), 1_801_000_000n);
});

test("invalid time spans are refused", () => {
  for (const wrong of [
    "",
    " ",
    "h",
    "1.h",
    "1.",
    ".",
    "1.5.5h",
    "-1h",
    "-0",
    "1h -1h",
    "1ns",
    "1H",
    "1secs",
    "0x10",
    "1e3",
    "Infinity",
    "1infinity",
    "infinity1",
    "1h,5m",
    "+ 5",
    "1. 5h",
  ]) {
    assert.equal(microseconds(wrong), undefined, wrong);
  }
});

test("time spans beyond 64 bits of microseconds are refused", () => {
  assert.equal(microseconds("18446744073708s"), 18446744073708000000n);
  assert.equal(microseconds("18446744073709s"), undefined);
  assert.equal(microseconds("9223372036854775808us"), undefined);
  assert.equal(microseconds("9223372036854775807us 9223372036854775807us"), 2n ** 64n - 2n);
  assert.equal(microseconds("9223372036854775807us 9223372036854775807us 1us"), undefined);
});

test("infinity is the longest time span, and cannot be combined", () => {
  assert.equal(parseTimeSpan(" infinity " as Bytes), INFINITE_SPAN);
  assert.equal(formatTimeSpan(INFINITE_SPAN), "infinity");
});

test("a formatted time span parses as the same value", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), (span) => {
      assert.equal(microseconds(formatTimeSpan(span * 1000n)), span);
    }),
  );
});
