import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import type { Event } from "#src/base/events.js";
import { runSync } from "#src/tmpfiles/index.js";
import { endWithTest, firstOutput } from "../../../children.js";
import { scratch } from "../../../scratch.js";

const OLD = new Date("2001-01-01T00:00:00Z");
/** How many files the tree of the largest test has; the full number is 100,000. */
const ENTRIES = Number(process.env.ENTRIES ?? 2_000);

interface Result {
  readonly removed: string[];
  readonly kept: string[];
}

function clean(config: string, options: { dryRun?: boolean; jobs?: number } = {}): Result {
  const removed: string[] = [];
  const kept: string[] = [];
  const report = (event: Event): void => {
    if (event.type === "removed") removed.push(event.path);
    if (event.type === "kept" && event.reason.code === "open") kept.push(event.path);
  };
  const how = { operations: ["clean" as const], args: [bytes(config)], ...options };
  assert.equal(runSync(how, { wantsKept: true, report }).exitStatus, 0);
  return { removed: removed.sort(), kept: kept.sort() };
}

function configuration(t: TestContext, line: string, pragma = "#@ keep-open"): string {
  const file = join(scratch(t), "a.conf");
  writeFileSync(file, `${pragma}\n${line}\n`);
  return file;
}

/** Makes all below old, and the directory itself. */
function age(directory: string): void {
  for (const name of readdirSync(directory, { recursive: true }) as string[])
    utimesSync(join(directory, name), OLD, OLD);
  utimesSync(directory, OLD, OLD);
}

/** Opens the files that it reads the paths of, one a line, and keeps them open. */
const HOLDER = `const fs = require("node:fs");
for (const path of fs.readFileSync(0, "utf8").split("\\n")) fs.openSync(path, "r");
console.log("open"); setTimeout(() => {}, 60_000);`;

async function hold(paths: readonly string[], cwd?: string): Promise<() => Promise<void>> {
  const child = endWithTest(
    spawn(process.execPath, ["-e", HOLDER], { stdio: ["pipe", "pipe", "inherit"], cwd }),
  );
  child.stdin?.end(paths.join("\n"));
  await firstOutput(child);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return () => {
    child.kill("SIGKILL");
    return ended;
  };
}

test("what a process has open, runs or works in is kept, and goes when it ends", async (t) => {
  const tree = join(scratch(t), "tree");
  for (const name of ["cwd", "free", "inside"]) mkdirSync(join(tree, name), { recursive: true });
  for (const name of ["a", "open", "free/b", "inside/open"]) writeFileSync(join(tree, name), "");
  copyFileSync("/bin/sleep", join(tree, "program"));
  chmodSync(join(tree, "program"), 0o755);
  age(tree);
  const end = await hold([join(tree, "open"), join(tree, "inside/open")], join(tree, "cwd"));
  const program = endWithTest(spawn(join(tree, "program"), ["60"]));
  await new Promise((resolve) => program.once("spawn", resolve));
  const file = configuration(t, `d ${tree} - - - mM:1d`);
  const used = ["cwd", "inside/open", "open", "program"].map((name) => join(tree, name));
  const gone = ["a", "free", "free/b"].map((name) => join(tree, name));
  assert.deepEqual(clean(file, { dryRun: true }), { removed: gone, kept: used });
  assert.deepEqual(clean(file), { removed: gone, kept: used });
  await end();
  program.kill("SIGKILL");
  await new Promise((resolve) => program.once("close", resolve));
  age(tree);
  assert.deepEqual(clean(file).kept, []);
  assert.deepEqual(readdirSync(tree), []);
});

test("without the pragma, it is not kept", async (t) => {
  const tree = join(scratch(t), "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "open"), "");
  age(tree);
  await hold([join(tree, "open")]);
  assert.deepEqual(clean(configuration(t, `d ${tree} - - - mM:1d`, "# keep-open")).removed, [
    join(tree, "open"),
  ]);
});

test("r and R lines keep their own path", async (t) => {
  for (const letter of ["r", "R"]) {
    const path = join(scratch(t), "file");
    writeFileSync(path, "");
    utimesSync(path, OLD, OLD);
    const end = await hold([path]);
    const file = configuration(t, `${letter} ${path} - - - mM:1d`);
    assert.deepEqual(clean(file), { removed: [], kept: [path] });
    await end();
    assert.deepEqual(clean(file), { removed: [path], kept: [] });
  }
});

test("a line with an invalid pragma cleans nothing", (t) => {
  const tree = join(scratch(t), "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "a"), "");
  age(tree);
  const file = configuration(t, `d ${tree} - - - mM:1d`, "#@ keep-opne");
  const removed: string[] = [];
  const report = (event: Event): void => void (event.type === "removed" && removed.push(event.path));
  const summary = runSync({ operations: ["clean"], args: [bytes(file)] }, { wantsKept: false, report });
  assert.equal(summary.exitStatus, 65);
  assert.deepEqual(removed, []);
  assert.deepEqual(readdirSync(tree), ["a"]);
});

test(`of ${ENTRIES} files, exactly those that are neither new nor open go, with any number of threads`, async (t) => {
  const tree = join(scratch(t), "tree");
  const expected = new Set<string>();
  const open: string[] = [];
  const place = (at: number): string => join(tree, `${at % 7}/${at % 31}`);
  for (let at = 0; at < ENTRIES; at++) mkdirSync(place(at), { recursive: true });
  for (let at = 0; at < ENTRIES; at++) {
    const path = join(place(at), `${at}`);
    writeFileSync(path, "");
    const isOpen = at % 101 === 0 && open.length < 1000;
    if (isOpen) open.push(path);
    const isNew = at % 5 === 0;
    if (!isNew) utimesSync(path, OLD, OLD);
    if (!isOpen && !isNew) expected.add(path);
  }
  const end = await hold(open);
  const file = configuration(t, `d ${tree} - - - m:1d`);
  const files = ({ removed }: Result): string[] => removed.filter((path) => /\/\d+\/\d+\/\d+$/.test(path));
  const dry = clean(file, { dryRun: true });
  assert.deepEqual(files(dry), [...expected].sort());
  const real = clean(file, { jobs: 4 });
  assert.deepEqual(real, dry);
  const left = (readdirSync(tree, { recursive: true }) as string[]).map((name) => join(tree, name));
  assert.deepEqual(
    left.filter((path) => expected.has(path)),
    [],
  );
  for (const path of open) assert.ok(left.includes(path));
  await end();
});
