/** The runner ends test files that hang, and the processes that they leave. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { NOT_COMPARED } from "../reference.js";
import { until } from "../unit/private-tmp/host.js";
import { scratch } from "../unit/temp/scratch.js";

const RUNNER = pathToFileURL(join(import.meta.dirname, "runner.js")).href;
const { NODE_TEST_CONTEXT: _, MAYFLY_TEST_RUN: __, ...environment } = process.env;

/** The arguments for a run of one test file with this body; its result is the last line of standard output. */
function runOf(t: TestContext, body: string, limitSeconds = 60): { args: string[]; dir: string } {
  const dir = scratch(t);
  const file = join(dir, "given.test.mjs");
  const head = `import { spawn } from "node:child_process"; import { test } from "node:test"; import fs from "node:fs";
    const started = (child) => fs.writeFileSync(${JSON.stringify(join(dir, "pid"))}, String(child.pid));`;
  writeFileSync(file, `${head}\n${body}`);
  const settings = JSON.stringify({ files: [file], concurrency: 1, limitSeconds });
  // A file of its own: test files inherit the options of Node, --eval among them.
  const script = join(dir, "run.mjs");
  const call = `console.log(JSON.stringify(await runTests(${settings})));`;
  writeFileSync(script, `import { runTests } from ${JSON.stringify(RUNNER)};\n${call}\n`);
  return { args: [script], dir };
}

function outcome(args: readonly string[]) {
  const ran = spawnSync(process.execPath, args, { env: environment, encoding: "utf8", timeout: 60_000 });
  assert.equal(ran.status, 0, ran.stderr);
  return { ...JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? ""), ...ran };
}

const hasEnded = (dir: string): boolean => !existsSync(`/proc/${readFileSync(join(dir, "pid"), "utf8")}/exe`);

const LEAVE = 'const child = spawn("sleep", ["300"], { stdio: "ignore", detached: true }); started(child);';

test("a test file that exceeds its time is killed with its processes", (t) => {
  const { args, dir } = runOf(t, `${LEAVE} test("busy", () => { for (;;); });`, 2);
  const { failed, stderr } = outcome(args);
  assert.equal(failed, true);
  assert.match(stderr, /Killed after 2 s: .*given\.test\.mjs/);
  assert.equal(hasEnded(dir), true);
});

test("processes that a test file leaves are ended and reported", (t) => {
  const { args, dir } = runOf(t, `test("leaves", () => { ${LEAVE} child.unref(); });`);
  const { failed, leftRunning } = outcome(args);
  assert.equal(failed, false);
  assert.match(leftRunning[0], /^sleep 300 \(pid \d+\)$/);
  assert.equal(hasEnded(dir), true);
});

test("skipped comparisons are counted, as whole tests and as parts", (t) => {
  const why = JSON.stringify(`${NOT_COMPARED}: no C compiler`);
  const { args } = runOf(
    t,
    `test("one", { skip: ${why} }, () => {}); test("two", (t) => t.skip(${why}));
    test("three", (t) => t.diagnostic(${why})); test("four", { skip: "needs root" }, () => {});`,
  );
  const { notCompared, failed, stdout } = outcome(args);
  assert.deepEqual({ notCompared, failed }, { notCompared: { "no C compiler": 3 }, failed: false });
  assert.match(stdout, /^# tests 4$/m);
});

test("a runner that is ended ends its processes", async (t) => {
  const { args, dir } = runOf(t, `test("hangs", () => { ${LEAVE} return new Promise(() => {}); });`);
  const runner: ChildProcess = spawn(process.execPath, args, { env: environment, stdio: "ignore" });
  t.after(() => runner.kill("SIGKILL"));
  await until("the test runs", () => existsSync(join(dir, "pid")) && !hasEnded(dir));
  const ended = new Promise((resolve) => runner.once("exit", (_code, signal) => resolve(signal)));
  runner.kill("SIGTERM");
  assert.equal(await ended, "SIGTERM");
  assert.equal(hasEnded(dir), true);
});
