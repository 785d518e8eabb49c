/** What /healthz reports. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Health } from "#src/serve/metrics/health.js";
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
