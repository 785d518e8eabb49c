/** Calendar expressions: what is accepted, and what an error says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Nanoseconds } from "#src/base/time.js";
import { parseCalendar } from "#src/serve/schedule/calendar.js";

const at = (iso: string): Nanoseconds => BigInt(Date.parse(iso)) * 1_000_000n;
const iso = (time: Nanoseconds | undefined): string =>
  new Date(Number((time ?? 0n) / 1_000_000n)).toISOString();

test("expressions of crontab(5) name their times", async () => {
  const from = at("2026-06-01T12:00:00Z");
  const cases: readonly (readonly [expression: string, first: string])[] = [
    ["30 3 * * *", "2026-06-02T03:30:00.000Z"],
    ["*/15 * * * *", "2026-06-01T12:15:00.000Z"],
    ["0 0 * * sun", "2026-06-07T00:00:00.000Z"],
    ["0 4 1 jan *", "2027-01-01T04:00:00.000Z"],
    ["0 0 29 2 *", "2028-02-29T00:00:00.000Z"],
    ["@daily", "2026-06-02T00:00:00.000Z"],
    ["@hourly", "2026-06-01T13:00:00.000Z"],
  ];
  for (const [expression, first] of cases) {
    const calendar = await parseCalendar(expression, "UTC");
    assert.equal(iso(calendar.next(from)), first, expression);
    // The answer is the same whether or not it is remembered.
    assert.equal(iso(calendar.next(from + 1_000_000n)), first, expression);
    assert.equal(iso(calendar.next(at(first) - 1_000_000n)), first, expression);
    assert.ok((calendar.next(at(first)) as Nanoseconds) > at(first), expression);
  }
});

test("what is not an expression, or names no time, is an error that quotes it", async () => {
  for (const expression of [
    "",
    "daily",
    "61 * * * *",
    "* * * *",
    "* * * * * *",
    "0 0 0 * *",
    "1d",
    "0 0 30 2 *",
  ]) {
    await assert.rejects(parseCalendar(expression, "UTC"), (error: Error) => {
      assert.ok(error.message.includes(`'${expression}'`), error.message);
      assert.doesNotMatch(error.message, /CronPattern|undefined/);
      return true;
    });
  }
});
