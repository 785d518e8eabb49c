/** The runner ends test files that hang, and the processes that they leave, and removes the directories that they leave. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { NOT_COMPARED } from "../reference.js";
import { scratch } from "../scratch.js";
import { until } from "../unit/private-tmp/host.js";

const RUNNER = pathToFileURL(join(import.meta.dirname, "runner.js")).href;
const SCRATCH = pathToFileURL(join(import.meta.dirname, "../scratch.js")).href;
const { NODE_TEST_CONTEXT: _, MAYFLY_TEST_RUN: __, ...environment } = process.env;

/** The arguments for a run of one test file with this body; its result is the last line of standard output. */
function runOf(t: TestContext, body: string, limitSeconds = 60): { args: string[]; dir: string } {
  const dir = scratch(t);
  const file = join(dir, "given.test.mjs");
  const head = `import { execFileSync, spawn } from "node:child_process"; import { test } from "node:test"; import fs from "node:fs";
    const MADE = ${JSON.stringify(join(dir, "made"))};
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

/** A test that fills directories in every shared place with what is hard to remove, and then hangs. */
const FILL_AND_HANG = `
  const { scratch, markOfRun } = await import(${JSON.stringify(SCRATCH)});
  const run = (...command) => execFileSync(command[0], command.slice(1), { stdio: "ignore" });
  const isRoot = process.getuid() === 0;
  test("hangs", (t) => {
    const places = ["/tmp", "/var/tmp", "/dev/shm", ...(isRoot ? ["/run", "/var"] : [])].filter(fs.existsSync);
    const made = places.map((place) => scratch(t, place));
    made.push("/tmp/mayfly-private-" + "0".repeat(32) + "-test-" + markOfRun() + "-x-aaaaaa");
    fs.mkdirSync(made.at(-1));
    for (const path of made) {
      fs.mkdirSync(path + "/closed/in", { recursive: true });
      fs.chmodSync(path + "/closed", 0);
      fs.writeFileSync(path + "/frozen", "");
      try { if (isRoot) run("chattr", "+i", path + "/frozen"); } catch {} // Not every file system can.
    }
    if (isRoot) {
      try { run("mount", "-t", "tmpfs", "tmpfs", made[0]); fs.writeFileSync(made[0] + "/file", ""); } catch {}
      fs.writeFileSync(made[1] + "/disk", "");
      fs.truncateSync(made[1] + "/disk", 1 << 20);
      try { run("losetup", "--find", made[1] + "/disk"); } catch {} // Containers have no loop devices.
    }
    fs.writeFileSync(MADE + ".new", JSON.stringify(made));
    fs.renameSync(MADE + ".new", MADE);
    started(spawn("sleep", ["300"], { stdio: "ignore", detached: true }));
    for (;;);
  });`;

/** Asserts that what the test above made is gone, with its mount and its loop device. */
function assertNothingLeft(dir: string): void {
  const made: string[] = JSON.parse(readFileSync(join(dir, "made"), "utf8"));
  assert.ok(made.length >= 3);
  assert.deepEqual(made.filter(existsSync), []);
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  const loops = spawnSync("losetup", ["--list", "--noheadings", "--output", "BACK-FILE"], {
    encoding: "utf8",
  });
  for (const path of made) assert.ok(!`${mounts}${loops.stdout}`.includes(path), path);
}

test("a killed test file leaves no directory, mount, loop device or immutable file", (t) => {
  const { args, dir } = runOf(t, FILL_AND_HANG, 4);
  const { leftBehind } = outcome(args);
  assertNothingLeft(dir);
  assert.deepEqual(leftBehind.sort(), JSON.parse(readFileSync(join(dir, "made"), "utf8")).sort());
});

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

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`a runner that is ended by ${signal} removes what its tests made`, async (t) => {
    const { args, dir } = runOf(t, FILL_AND_HANG);
    const runner = spawn(process.execPath, args, { env: environment, stdio: "ignore" });
    t.after(() => runner.kill("SIGKILL"));
    await until("the test hangs", () => existsSync(join(dir, "pid")) && !hasEnded(dir));
    runner.kill(signal);
    await once(runner, "exit");
    assertNothingLeft(dir);
  });
}
