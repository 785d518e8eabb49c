/** createCleaner: a program keeps its own temporary directory in order. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type CleanerOptions, createCleaner } from "#src/index.js";
import { until } from "../../../children.js";
import { scratch } from "../../../scratch.js";

const OLD = new Date("2020-01-01T00:00:00Z");
const MODIFIED = { olderThan: "1d", ageBy: "mM" } as const;

/** A directory with an old file, a new one, and an old directory with an old file in it. */
function place(t: { after(done: () => void): void }): string {
  const directory = scratch(t);
  mkdirSync(join(directory, "old-directory"));
  for (const name of ["old", "old-directory/old"]) {
    writeFileSync(join(directory, name), "content");
    utimesSync(join(directory, name), OLD, OLD);
  }
  utimesSync(join(directory, "old-directory"), OLD, OLD);
  writeFileSync(join(directory, "new"), "");
  return directory;
}

test("a start cleans at once, and then every so often", async (t) => {
  const path = place(t);
  await using cleaner = createCleaner({ path, ...MODIFIED, every: "10ms" });
  const first = await cleaner.start();
  assert.equal(first.removed.entries, 3);
  assert.equal(first.kept["too-new"], 1);
  assert.deepEqual(
    { failed: first.failed, interrupted: first.interrupted },
    { failed: 0, interrupted: false },
  );
  assert.deepEqual(readdirSync(path), ["new"]);
  utimesSync(join(path, "new"), OLD, OLD);
  await until("the next run removes it", () => readdirSync(path).length === 0);
  await cleaner.stop();
  writeFileSync(join(path, "old"), "");
  utimesSync(join(path, "old"), OLD, OLD);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(existsSync(join(path, "old")), "nothing runs after stop");
  assert.equal((await cleaner.start()).removed.entries, 1);
});

test("runNow cleans without a schedule, one run after the other", async (t) => {
  const path = place(t);
  await using cleaner = createCleaner({ path: [path], ...MODIFIED });
  const runs = await Promise.all([cleaner.runNow(), cleaner.runNow(), cleaner.runNow()]);
  assert.deepEqual(
    runs.map(({ removed }) => removed.entries),
    [3, 0, 0],
  );
});

test("exclusions, the first level and a dry run are as for mayfly clean", async (t) => {
  const path = place(t);
  const removed = async (options: Partial<CleanerOptions>): Promise<number> => {
    await using cleaner = createCleaner({ path, ...MODIFIED, ...options });
    return (await cleaner.runNow()).removed.entries;
  };
  assert.equal(await removed({ dryRun: true }), 3);
  assert.equal(await removed({ exclude: ["old*"] }), 0);
  assert.equal(await removed({ keepFirstLevel: true }), 1);
  assert.equal(await removed({ exclude: [join(path, "old")] }), 1);
  assert.deepEqual(readdirSync(path).sort(), ["new", "old"]);
});

test("a logger hears of runs that removed something, and of nothing else", async (t) => {
  const path = place(t);
  const lines: string[] = [];
  const logger = {
    info: (line: string) => lines.push(`info ${line}`),
    warn: (line: string) => lines.push(`warn ${line}`),
    error: (line: string) => lines.push(`error ${line}`),
  };
  await using cleaner = createCleaner({ path, ...MODIFIED, logger });
  await cleaner.runNow();
  await cleaner.runNow();
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^info mayfly: removed 3 entries, \d+ bytes, from \/.*mayfly-test-/);
});

test("a mistake is a TypeError that names the option", () => {
  const cases: readonly (readonly [options: object, message: RegExp])[] = [
    [{}, /options\.path must be/],
    [{ path: "", olderThan: "1d" }, /options\.path must be/],
    [{ path: "/x" }, /options\.olderThan must be a time span/],
    [
      { path: "/x", olderThan: "soon" },
      /options\.olderThan must be a time span such as "1d" or "12h", not "soon"/,
    ],
    [
      { path: "/x", olderThan: "1d", every: "0" },
      /options\.every must be a time span of at least a millisecond/,
    ],
    [{ path: "/x", olderThan: "1d", ageBy: "x" }, /options\.ageBy must be letters/],
    [{ path: "/x", olderThan: "1d", exclude: [""] }, /options\.exclude must be/],
    [{ path: "/x", olderThan: "1d", olderthan: "1d" }, /did you mean "olderThan"/],
    [
      { path: "/x", olderThan: "1d", logger: { info: console.log } },
      /options\.logger\.warn must be a function/,
    ],
  ];
  for (const [options, message] of cases)
    assert.throws(
      () => createCleaner(options as CleanerOptions),
      (error) => error instanceof TypeError && message.test(error.message),
    );
});

test("a path that cannot be cleaned rejects, and schedules nothing", async (t) => {
  const path = place(t);
  symlinkSync(".", join(path, "link"));
  for (const [bad, message] of [
    [join(path, "missing"), /does not exist/],
    [join(path, "link"), /is a symlink/],
    ["/", /\//],
    ["/usr", /\/usr/],
  ] as const) {
    await using cleaner = createCleaner({ path: bad, olderThan: "1d" });
    await assert.rejects(cleaner.start(), message);
    await assert.rejects(cleaner.runNow(), message);
  }
});

test("a cleaner does not keep the process alive, unless asked to", (t) => {
  const path = place(t);
  const program = (options: string): string => `
    import { createCleaner } from ${JSON.stringify(import.meta.resolve("#src/index.js"))};
    await createCleaner({ path: ${JSON.stringify(path)}, olderThan: "1d", every: "1h", ${options} }).start();
    console.log("started");
  `;
  const run = (options: string, timeout: number) => {
    const file = join(path, "program.mjs");
    writeFileSync(file, program(options));
    return spawnSync(process.execPath, [file], { encoding: "utf8", timeout });
  };
  const ended = run("", 60_000);
  assert.deepEqual({ status: ended.status, stderr: ended.stderr }, { status: 0, stderr: "" });
  assert.equal(run("keepAlive: true", 3000).signal, "SIGTERM");
});

test("importing mayfly does not load the engine", () => {
  const graph = new Set<string>();
  const visit = (file: string): void => {
    if (graph.has(file)) return;
    graph.add(file);
    for (const [, path = ""] of readFileSync(file, "utf8").matchAll(
      /^(?:import|export) .*?from "(\.[^"]+)"/gm,
    ))
      visit(join(dirname(file), path));
  };
  visit(fileURLToPath(import.meta.resolve("#src/serve/embedded/create-cleaner.js")));
  const loaded = [...graph].filter((file) => /\/(tmpfiles|schedule|sys)\//.test(file));
  assert.deepEqual(loaded, []);
});
