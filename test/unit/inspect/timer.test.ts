import assert from "node:assert/strict";
import { test } from "node:test";
import { nextElapse, nextRun } from "#src/inspect/explain/timer.js";

const SECOND = 1_000_000_000n;
const NOW = 1_700_000_000n * SECOND;
const UP = 3_600n * SECOND;

const next = (realtime: string, monotonic: string) =>
  nextElapse(`NextElapseUSecRealtime=${realtime}\nNextElapseUSecMonotonic=${monotonic}\n`, NOW, UP);

test("a monotonic timer counts from boot", () => {
  assert.equal(next("", "1d 15min 3.5s"), NOW - UP + 87_303n * SECOND + SECOND / 2n);
});

test("a calendar timer has a time of day, and the earlier of two timers counts", () => {
  assert.equal(next("@1700000100", "infinity"), NOW + 100n * SECOND);
  assert.equal(next("@1700000100", "1h 50s"), NOW + 50n * SECOND);
  assert.equal(next("@1700000100", "1h 200s"), NOW + 100n * SECOND);
});

test("unset and unknown timer values are ignored", () => {
  assert.equal(next("", "infinity"), undefined);
  assert.equal(next("", ""), undefined);
  assert.equal(next("n/a", "0"), undefined);
  assert.equal(next("Tue 2023-11-14 22:13:20 UTC", ""), undefined);
  assert.equal(nextElapse("", NOW, UP), undefined);
});

test("the first run at or after a given time is computed", () => {
  const timer = { first: 100n, every: 10n, from: "" };
  assert.deepEqual(
    [0n, 100n, 101n, 110n, 111n].map((after) => nextRun(timer, after)),
    [100n, 100n, 110n, 110n, 120n],
  );
});
