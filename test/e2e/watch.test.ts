/** The start of `mayfly watch`, its behaviour under a flood of events, and its end. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithTest } from "../children.js";
import { isRoot, MAYFLY, mayfly, Scratch } from "./program.js";
import { whileWatching } from "./watcher.js";

type Json = Record<string, unknown> & { readonly folded?: { readonly count: number; readonly op: string } };
const lines = (text: string): Json[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("the number of directories is correct, and missing paths are reported", async () => {
  using context = new Scratch();
  const absent = join(context.path, "absent");
  const { stderr, stdout } = await whileWatching(["--json", "-v", absent], () => mkdirSync(absent));
  assert.match(stderr, /^.*absent does not exist; watching for its creation$/m);
  assert.match(stderr, / Removals of files are reported by (tracepoint|fanotify|inotify)\.$/m);
  const [ready, created] = lines(stdout);
  assert.deepEqual([ready?.type, ready?.missing], ["ready", [{ path: absent }]]);
  assert.ok(["tracepoint", "fanotify", "inotify"].includes(`${ready?.removals}`));
  assert.deepEqual([created?.op, created?.path], ["create", absent]);
  assert.doesNotMatch(stderr, /1 directories/);
});

test("a missing or empty path is a usage error", () => {
  assert.equal(mayfly(["watch"]).status, 64);
  assert.equal(mayfly(["watch", ""]).status, 64);
});

test("messages start with the program's name only once", async () => {
  using context = new Scratch();
  const { stdout } = await whileWatching([context.path], () => writeFileSync(join(context.path, "f"), ""));
  const by = stdout.split("\n").find((line) => line.includes("by ")) ?? "";
  assert.equal(by.split(`${process.execPath}`).length - 1, isRoot ? 1 : 0, by);
});

const ROUNDS = 30_000;

/** Makes and removes files as fast as it can, and removes `victim` in the middle of it. */
function flood(directory: string, victim: string): void {
  for (let round = 0; round < ROUNDS; round++) {
    const path = join(directory, `f${round % 100}`);
    writeFileSync(path, "");
    unlinkSync(path);
    if (round === ROUNDS / 2) unlinkSync(victim);
  }
}

/** A watch whose output is not read. */
async function unread(directory: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAYFLY, "watch", "--json", directory], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  await once(child.stderr as NodeJS.ReadableStream, "data");
  return child;
}

test("every event of a flood is reported, individually or grouped", { skip: !isRoot }, async () => {
  using context = new Scratch();
  const [noise, quiet] = ["noise", "quiet"].map((name) => join(context.path, name)) as [string, string];
  for (const path of [noise, quiet]) mkdirSync(path);
  writeFileSync(join(quiet, "victim"), "");
  const { stdout } = await whileWatching(["--json", context.path], () => flood(noise, join(quiet, "victim")));
  const events = lines(stdout).slice(1, -1);
  const deleted = events.reduce((sum, { op, folded }) => {
    if (folded !== undefined) return sum + (folded.op === "delete" ? folded.count : 0);
    return sum + (op === "delete" ? 1 : 0);
  }, 0);
  assert.equal(deleted, ROUNDS + 1);
  assert.ok(
    events.some(({ path, op }) => path === join(quiet, "victim") || (op === "folded" && path === quiet)),
  );
});

test("unread output needs little memory, and does not block SIGTERM", {
  skip: !isRoot,
}, async () => {
  using context = new Scratch();
  const [noise, quiet] = ["noise", "quiet"].map((name) => join(context.path, name)) as [string, string];
  for (const path of [noise, quiet]) mkdirSync(path);
  writeFileSync(join(quiet, "victim"), "");
  const child = await unread(context.path);
  try {
    for (let again = 0; again < 3; again++) {
      flood(noise, join(quiet, "victim"));
      writeFileSync(join(quiet, "victim"), "");
    }
    const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
    const resident = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
    assert.ok(resident < 250_000, `${resident} kB`);
    let stderr = "";
    child.stderr?.on("data", (text: Buffer) => {
      stderr += text;
    });
    child.kill("SIGTERM");
    // Not "close", because the pipe is not read.
    const [code] = (await once(child, "exit")) as [number | null];
    assert.equal(code, 1);
    assert.match(stderr, /standard output is blocked: [\d,]+ events? /);
  } finally {
    child.kill("SIGKILL");
    child.stdout?.destroy();
    rmSync(noise, { recursive: true, force: true });
  }
});

test("after a signal, a slow reader gets all that was reported", { skip: !isRoot }, async () => {
  using context = new Scratch();
  const files = 3_000;
  const args = ["watch", "--json", context.path];
  const watcher = endWithTest(
    spawn(process.execPath, [MAYFLY, ...args], { stdio: ["ignore", "pipe", "pipe"] }),
  );
  const ended = once(watcher, "exit");
  await once(watcher.stderr, "data");
  for (let n = 0; n < files; n++) writeFileSync(join(context.path, `${n}`), "");
  watcher.kill("SIGTERM");
  let text = "";
  // Longer in all than the two seconds in which a reader may take nothing.
  for await (const chunk of watcher.stdout) {
    text += chunk;
    await sleep(300);
  }
  await ended;
  assert.equal(watcher.exitCode, 0);
  assert.equal(lines(text).filter(({ type }) => type === "event").length, files);
});
