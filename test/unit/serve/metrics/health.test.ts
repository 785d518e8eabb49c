/** What /healthz reports. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SECOND } from "#src/base/time.js";
import { Health } from "#src/serve/metrics/health.js";
import { successLimit } from "#src/serve/metrics/overdue.js";
import { parseCalendar } from "#src/serve/schedule/calendar.js";
import type { Timing } from "#src/serve/schedule/schedule.js";
import { runRecord } from "./records.js";

test("a process whose last runs succeeded in time is healthy", () => {
  let now = 100;
  const health = new Health(() => now, { operation: "clean", limitSeconds: 10 });
  assert.deepEqual(health.report(), { status: "ok", reasons: [], runs: [] });
  now = 109;
  health.observe(runRecord());
  health.observe(runRecord({ operations: ["create"] }));
  now = 119;
  const { status, runs } = health.report();
  assert.equal(status, "ok");
  assert.deepEqual(
    runs.map(({ operation }) => operation),
    ["clean", "create"],
  );
});

test("without a success in time a process is unhealthy, until the next one", () => {
  let now = 100;
  const health = new Health(() => now, { operation: "clean", limitSeconds: 10 });
  now = 111;
  const overdue = { code: "overdue", operation: "clean", secondsSinceSuccess: 11, limitSeconds: 10 };
  assert.deepEqual(health.report(), { status: "unhealthy", reasons: [overdue], runs: [] });
  health.observe(runRecord({ operations: ["create"] }));
  health.observe(runRecord({ interrupted: true }));
  assert.deepEqual(health.report().reasons, [overdue]);
  health.limit({ operation: "clean", limitSeconds: 20 });
  assert.equal(health.report().status, "ok");
  health.limit({ operation: "clean", limitSeconds: 10 });
  health.observe(runRecord());
  assert.equal(health.report().status, "ok");
  now = 122;
  assert.equal(health.report().status, "unhealthy");
  health.limit(undefined);
  assert.equal(health.report().status, "ok");
});

test("after a failed run a process is unhealthy, until the same operation succeeds", () => {
  const health = new Health(() => 0);
  health.observe(runRecord({ operations: ["create"], exitStatus: 73, errors: 3 }));
  health.observe(runRecord());
  const failed = { code: "last-run-failed", operation: "create", exitStatus: 73, errors: 3 };
  assert.deepEqual(health.report().reasons, [failed]);
  health.observe(runRecord({ operations: ["create"] }));
  assert.deepEqual(health.report().reasons, []);
});

test("the limit follows the schedule", async () => {
  const schedule = { settling: 900n * SECOND, delay: 10n * SECOND, afterClockSync: false };
  const limitOf = (timing: Timing): number | undefined => successLimit({ ...schedule, timing });
  const slack = 900 + 10 + 300;
  assert.equal(limitOf({ kind: "interval", every: 3600n * SECOND }), 7200 + slack);
  const daily = { kind: "calendar", calendar: await parseCalendar("30 3 * * *", "UTC") } as const;
  assert.equal(limitOf(daily), 2 * 86_400 + slack);
  const weekdays = { kind: "calendar", calendar: await parseCalendar("0 4 * * 1-5", "UTC") } as const;
  assert.equal(limitOf(weekdays), 2 * 3 * 86_400 + slack);
});
