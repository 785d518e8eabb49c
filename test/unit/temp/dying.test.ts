import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { sweepStaleSync } from "#src/index.js";
import { scratch } from "../../scratch.js";
import { runProgram } from "./program.js";

/** Makes one of each kind, with something in it. */
const make = `
  const { dir } = data;
  const directory = mayfly.mkdtempSync({ dir });
  fs.mkdirSync(directory.path + "/a/b", { recursive: true });
  fs.writeFileSync(directory.path + "/a/b/file", "x");
  const named = mayfly.mkstempSync({ dir, content: "x" });
  const anonymous = mayfly.openTempSync({ dir, content: "x" });
  const memory = mayfly.openMemfdSync({ content: "x" });
`;

interface Death {
  readonly how: string;
  readonly status?: number;
  readonly signal?: NodeJS.Signals;
  /** Whether directories and named files stay for the next start's sweep. */
  readonly left?: boolean;
}

const hooked = "const cleanup = await mayfly.cleanupOnSignal();";
const kill = (signal: string): string =>
  `process.kill(process.pid, "${signal}"); setTimeout(() => {}, 20000);`;

const deaths: Record<string, Death> = {
  return: { how: "", status: 0 },
  "exit with a status": { how: "process.exit(7);", status: 7 },
  "process.exitCode": { how: "process.exitCode = 3;", status: 3 },
  throw: { how: 'throw new Error("uncaught");', status: 1 },
  rejection: { how: 'Promise.reject(new Error("unhandled"));', status: 1 },
  "SIGINT, hooked": { how: hooked + kill("SIGINT"), signal: "SIGINT" },
  "SIGTERM, hooked": { how: hooked + kill("SIGTERM"), signal: "SIGTERM" },
  "SIGHUP, hooked": { how: hooked + kill("SIGHUP"), signal: "SIGHUP" },
  "SIGTERM, hooked with the Sync twin": {
    how: `mayfly.cleanupOnSignalSync(); ${kill("SIGTERM")}`,
    signal: "SIGTERM",
  },
  "SIGTERM, not hooked": { how: kill("SIGTERM"), signal: "SIGTERM", left: true },
  SIGKILL: { how: hooked + kill("SIGKILL"), signal: "SIGKILL", left: true },
};

for (const [name, { how, status = null, signal = null, left = false }] of Object.entries(deaths)) {
  test(`death by ${name}`, (t) => {
    const dir = scratch(t);
    const ended = runProgram(make + how, { dir });
    assert.equal(ended.status, status, ended.stderr);
    assert.equal(ended.signal, signal);
    assert.equal(readdirSync(dir).length, left ? 2 : 0);
    sweepStaleSync({ dir });
    assert.deepEqual(readdirSync(dir), []);
  });
}

test("a program that listens for the signal itself decides what it does", (t) => {
  const dir = scratch(t);
  const own = `${make} ${hooked}
    process.on("SIGTERM", () => { fs.writeSync(1, String(fs.existsSync(directory.path))); process.exit(4); });
    setTimeout(() => process.kill(process.pid, "SIGTERM"), 50); setTimeout(() => {}, 20000);`;
  const ended = runProgram(own, { dir });
  assert.equal(ended.status, 4);
  assert.equal(ended.stdout, "true");
  assert.deepEqual(readdirSync(dir), []);
});

test("a disposed hook has no effect and keeps no program alive", (t) => {
  const dir = scratch(t);
  const ended = runProgram(`${make} ${hooked} cleanup[Symbol.dispose]();`, { dir });
  assert.equal(ended.status, 0);
  assert.equal(ended.stderr, "");
});

test("the hook prints nothing", (t) => {
  const ended = runProgram(`${make} ${hooked}`, { dir: scratch(t) });
  assert.equal(ended.stdout + ended.stderr, "");
});

const failing = 'process.on("exit", () => { throw new Error("in a listener"); });';

for (const [how, end] of Object.entries({
  return: "",
  "process.exit": "process.exit(5);",
  throw: 'throw new Error("uncaught");',
  rejection: 'Promise.reject(new Error("unhandled"));',
})) {
  test(`an exit listener that throws leaves nothing on disk: ${how}`, (t) => {
    const dir = scratch(t);
    const ended = runProgram(`${failing} ${make} ${end}`, { dir });
    assert.equal(ended.status, how === "process.exit" ? 5 : 1);
    assert.deepEqual(readdirSync(dir), []);
  });
}

test("an exit listener may use temporary files, and create more", (t) => {
  const dir = scratch(t);
  const body = `${make} process.on("exit", () => {
    mayfly.mkdtempSync({ dir }); fs.writeSync(1, String(fs.existsSync(directory.path)));
  });`;
  assert.equal(runProgram(body, { dir }).stdout, "true");
  assert.deepEqual(readdirSync(dir), []);
});
