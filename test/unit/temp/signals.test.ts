/** `cleanupOnSignal` on the Node.js that runs the tests: nothing is left, and the exit status is that of the signal. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { cleanupOnSignal, cleanupOnSignalSync, type SignalCleanup } from "#src/index.js";
import { scratch } from "../../scratch.js";
import { started } from "./started.js";

test("a second signal during the removal changes nothing", async (t) => {
  const dir = scratch(t);
  const body = `const { dir } = data; await mayfly.cleanupOnSignal();
    for (let n = 0; n < 2000; n++) fs.writeFileSync(mayfly.mkdtempSync({ dir }).path + "/x", "x");
    fs.writeSync(1, "started"); for (;;);`;
  const { child, ended } = await started(t, body, dir);
  for (let n = 0; n < 20; n++) child.kill("SIGTERM");
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  assert.deepEqual(readdirSync(dir), []);
});

test("files of Workers are removed while they create more", async (t) => {
  const dir = scratch(t);
  const worker = `import(${JSON.stringify(import.meta.resolve("#src/index.js"))}).then((mayfly) => {
    for (let n = 0; ; n++) { const made = mayfly.mkdtempSync({ dir: ${JSON.stringify(dir)} }); if (n % 3 > 0) made.removeSync(); }
  })`;
  const body = `await mayfly.cleanupOnSignal();
    for (let n = 0; n < 3; n++) new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [] });
    setInterval(() => { if (fs.readdirSync(data.dir).length > 5) { fs.writeSync(1, "started"); for (;;); } }, 5);`;
  const { child, ended, stderr } = await started(t, body, dir);
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [null, "SIGTERM"], stderr());
  assert.deepEqual(readdirSync(dir), []);
});

test("a program that waits in a system call ends, too", async (t) => {
  const dir = scratch(t);
  const body = `const { execFileSync } = await import("node:child_process"); await mayfly.cleanupOnSignal();
    mayfly.mkdtempSync(data); fs.writeSync(1, "started"); execFileSync("sleep", ["5"]);`;
  const { child, ended } = await started(t, body, dir);
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  assert.deepEqual(readdirSync(dir), []);
});

test("a disposed hook restores the default action of signals", async (t) => {
  const dir = scratch(t);
  const body = `const cleanup = await mayfly.cleanupOnSignal(); cleanup[Symbol.dispose]();
    setTimeout(() => { fs.writeSync(1, "started"); for (;;); }, 200);`;
  const { child, ended } = await started(t, body, dir);
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [null, "SIGTERM"]);
});

test("an invalid signal is refused by name", async () => {
  for (const signals of ["SIGTERM", ["SIGKILL"], ["TERM"], [15], {}]) {
    const given = signals as unknown as Parameters<typeof cleanupOnSignal>[0];
    const expected = { name: "TypeError", message: /signals must be an array.*"SIGTERM"/ };
    assert.throws((): SignalCleanup => cleanupOnSignalSync(given), expected);
    await assert.rejects(cleanupOnSignal(given), expected);
  }
});
