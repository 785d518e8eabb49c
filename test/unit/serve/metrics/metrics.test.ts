/** The metrics that come from records of runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExposition, type Sample } from "#src/serve/metrics/exposition.js";
import { RunMetrics } from "#src/serve/metrics/metrics.js";
import { lineRecord, runRecord } from "./records.js";

async function samplesOf(metrics: RunMetrics): Promise<Sample[]> {
  return parseExposition(await metrics.text());
}

/** The values of a metric, by the values of its labels, except for those that are 0. */
async function valuesOf(metrics: RunMetrics, name: string): Promise<Record<string, number>> {
  const samples = (await samplesOf(metrics)).filter((sample) => sample.name === name && sample.value !== 0);
  return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(" "), value]));
}

const A = "clean /etc/tmpfiles.d/a.conf";

test("counters add up over runs, and gauges show the last run", async () => {
  const metrics = await RunMetrics.create("1.2.3");
  const first = [lineRecord(1, 3, { kept: { "too-new": 7, locked: 1 } }), lineRecord(2, 1, { errors: 2 })];
  metrics.observe(runRecord({ lines: first, errors: 2, exitStatus: 73 }));
  metrics.observe(runRecord({ lines: [lineRecord(1, 2, { kept: { "too-new": 5 } }), lineRecord(2)] }));
  assert.deepEqual(await valuesOf(metrics, "mayfly_removed_entries_total"), {
    [`${A} 1 /srv/1`]: 5,
    [`${A} 2 /srv/2`]: 1,
  });
  assert.deepEqual(await valuesOf(metrics, "mayfly_removed_bytes_total"), {
    [`${A} 1 /srv/1`]: 20_480,
    [`${A} 2 /srv/2`]: 4096,
  });
  assert.deepEqual(await valuesOf(metrics, "mayfly_kept_entries"), { [`${A} 1 /srv/1 too-new`]: 5 });
  assert.deepEqual(await valuesOf(metrics, "mayfly_line_errors_total"), { [`${A} 2 /srv/2`]: 2 });
  assert.deepEqual(await valuesOf(metrics, "mayfly_errors_total"), { clean: 2 });
  assert.deepEqual(await valuesOf(metrics, "mayfly_runs_total"), { "clean success": 1, "clean failure": 1 });
  assert.deepEqual(await valuesOf(metrics, "mayfly_last_run_duration_seconds"), { clean: 1.5 });
  assert.deepEqual(await valuesOf(metrics, "mayfly_run_duration_seconds_total"), { clean: 3 });
  const end = Date.parse("2026-11-27T10:00:02Z") / 1000;
  assert.deepEqual(await valuesOf(metrics, "mayfly_last_run_timestamp_seconds"), { clean: end });
  assert.deepEqual(await valuesOf(metrics, "mayfly_build_info"), { "1.2.3": 1 });
});

test("only a run that succeeded is the last success", async () => {
  const metrics = await RunMetrics.create("1");
  const end = Date.parse("2026-11-27T10:00:02Z") / 1000;
  metrics.observe(runRecord());
  for (const failed of [{ exitStatus: 73 }, { exitStatus: 65 }, { interrupted: true }] as const)
    metrics.observe(runRecord({ start: "2026-11-28T10:00:00Z", ...failed }));
  assert.deepEqual(await valuesOf(metrics, "mayfly_last_success_timestamp_seconds"), { clean: end });
  assert.deepEqual(await valuesOf(metrics, "mayfly_runs_total"), {
    "clean success": 1,
    "clean failure": 2,
    "clean interrupted": 1,
  });
  assert.deepEqual(await valuesOf(metrics, "mayfly_last_run_exit_status"), {});
});

test("the number of series is constant over many runs", async () => {
  const metrics = await RunMetrics.create("1");
  const reasons = ["too-new", "locked", "live-socket", "not-empty", "sticky", "indexed"] as const;
  const counts = new Set<number>();
  for (let run = 0; run < 500; run++) {
    const kept = { [reasons[run % reasons.length] as string]: run + 1 };
    const fileSystems = ["/", "/tmp"].map((mountPoint) => ({
      mountPoint,
      bytes: { size: 100, free: run % 100, available: run % 90 },
      inodes: { size: 10, free: run % 10 },
    }));
    const exitStatus = run % 7 === 0 ? 73 : 0;
    metrics.observe(runRecord({ operations: ["create"], exitStatus, lines: run % 3 ? [lineRecord(9)] : [] }));
    metrics.observe(runRecord({ lines: [lineRecord(1, run, { kept }), lineRecord(2)], fileSystems }));
    if (run > 0) counts.add((await samplesOf(metrics)).length);
  }
  assert.equal(counts.size, 1);
});

test("the series of lines and file systems that went are dropped", async () => {
  const metrics = await RunMetrics.create("1");
  const fileSystem = { bytes: { size: 1, free: 1, available: 1 }, inodes: { size: 1, free: 1 } };
  const two = ["/", "/tmp"].map((mountPoint) => ({ mountPoint, ...fileSystem }));
  metrics.observe(runRecord({ lines: [lineRecord(1, 1), lineRecord(2, 1)], fileSystems: two }));
  metrics.observe(runRecord({ operations: ["remove"], lines: [lineRecord(5, 1)] }));
  const [one] = two;
  metrics.observe(runRecord({ lines: [lineRecord(2), lineRecord(3, 1)], fileSystems: one ? [one] : [] }));
  assert.deepEqual(await valuesOf(metrics, "mayfly_removed_entries_total"), {
    [`${A} 2 /srv/2`]: 1,
    [`${A} 3 /srv/3`]: 1,
    "remove /etc/tmpfiles.d/a.conf 5 /srv/5": 1,
  });
  assert.deepEqual(await valuesOf(metrics, "mayfly_filesystem_size_bytes"), { "/": 1 });
  const lines = (await samplesOf(metrics)).map(({ labels }) => labels.line);
  assert.ok(!lines.includes("1"), "a series of the first line is left");
});

test("a run that could not load its configuration drops no series", async () => {
  const metrics = await RunMetrics.create("1");
  metrics.observe(runRecord({ lines: [lineRecord(1, 1)] }));
  metrics.observe(runRecord({ exitStatus: 1 }));
  assert.deepEqual(await valuesOf(metrics, "mayfly_removed_entries_total"), { [`${A} 1 /srv/1`]: 1 });
});

test("metrics continue from the text of an earlier process, whatever the paths", async () => {
  const odd = lineRecord(1, 3, { path: '/a"b\\c\nd{e="f",g="h"} 1 \u{1f41b}', kept: { locked: 4 } });
  const before = await RunMetrics.create("1");
  before.observe(runRecord({ lines: [odd, lineRecord(2, 1)] }));
  before.observe(runRecord({ operations: ["remove"], lines: [lineRecord(7, 1)] }));
  const after = await RunMetrics.create("1");
  after.restore(await samplesOf(before));
  assert.equal(await after.text(), await before.text());
  after.observe(runRecord({ lines: [{ ...odd, kept: {} }] }));
  assert.deepEqual(await valuesOf(after, "mayfly_removed_entries_total"), {
    [`${A} 1 ${odd.path}`]: 6,
    "remove /etc/tmpfiles.d/a.conf 7 /srv/7": 1,
  });
  assert.deepEqual(await valuesOf(after, "mayfly_kept_entries"), {});
});

test("what Mayfly does not write is ignored", async () => {
  const metrics = await RunMetrics.create("1");
  const empty = await metrics.text();
  const text = [
    "node_load1 0.5",
    'mayfly_errors_total{operation="clean"} NaN',
    'mayfly_errors_total{operation="clean"} -1',
    'mayfly_errors_total{other="clean"} 1',
    'mayfly_errors_total{operation="clean",other="x"} 1',
    'mayfly_errors_total{operation="clean} 1',
    "mayfly_errors_total 1",
    'mayfly_build_info{version="9"} 1',
    'constructor{operation="clean"} 1',
    "{} 1",
    "",
  ];
  metrics.restore(parseExposition(text.join("\n")));
  assert.equal(await metrics.text(), empty);
});
