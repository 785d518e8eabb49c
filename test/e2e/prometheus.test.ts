/** A real Prometheus scrapes the metrics of a long-running process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bytes } from "#src/base/bytes.js";
import { parseListenAddress } from "#src/serve/metrics/address.js";
import { MetricsService } from "#src/serve/metrics/service.js";
import { endWithTest } from "../children.js";
import { needsPrograms } from "../requirements.js";
import { lineRecord, runRecord } from "../unit/serve/metrics/records.js";
import { Scratch } from "./program.js";

const LIMIT_MS = 60_000;

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

async function startPrometheus(directory: string, target: string): Promise<string> {
  const config = {
    global: { scrape_interval: "1s" },
    scrape_configs: [{ job_name: "mayfly", static_configs: [{ targets: [target] }] }],
  };
  const file = join(directory, "prometheus.yml");
  writeFileSync(file, JSON.stringify(config));
  const listen = `127.0.0.1:${await freePort()}`;
  const options = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=${listen}`,
  ];
  endWithTest(spawn("prometheus", options, { stdio: "ignore" }));
  return `http://${listen}`;
}

interface Found {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function query(prometheus: string, expression: string): Promise<readonly Found[]> {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await response.json()) as { data?: { result: readonly Found[] } };
  return data?.result ?? [];
}

/** Waits until the expression has this value. */
async function untilValue(prometheus: string, expression: string, value: string): Promise<readonly Found[]> {
  let last: unknown;
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; await sleep(200)) {
    const found = await query(prometheus, expression).catch((error) => {
      last = error;
      return [];
    });
    if (found[0]?.value[1] === value) return found;
    if (found.length > 0) last = found[0]?.value[1];
  }
  throw new Error(`waited in vain until ${expression} is ${value}; it was ${last}`);
}

test("Prometheus scrapes what a process counts", { skip: needsPrograms("prometheus") }, async (t) => {
  using scratch = new Scratch();
  const metrics = await MetricsService.start({
    version: "1.2.3",
    listen: [parseListenAddress("127.0.0.1:0" as Bytes)],
    allowedHosts: [],
    file: undefined,
    limits: undefined,
    now: () => performance.now() / 1000,
    failed: (error) => assert.fail(String(error)),
  });
  t.after(() => metrics[Symbol.asyncDispose]());
  const [url = ""] = metrics.addresses;
  const path = '/srv/"odd"\\path';
  const lines = [lineRecord(1, 3, { path, kept: { "too-new": 7 } })];
  metrics.observe(runRecord({ lines }));
  const prometheus = await startPrometheus(scratch.path, new URL(url).host);
  const [removed] = await untilValue(prometheus, "mayfly_removed_entries_total", "3");
  assert.equal(removed?.metric.path, path);
  assert.equal(removed?.metric.line, "1");
  metrics.observe(runRecord({ lines, exitStatus: 73 }));
  await untilValue(prometheus, "mayfly_removed_entries_total", "6");
  await untilValue(prometheus, 'mayfly_kept_entries{reason="too-new"}', "7");
  await untilValue(prometheus, 'mayfly_runs_total{status="failure"}', "1");
  assert.equal((await query(prometheus, "up"))[0]?.value[1], "1");
});
