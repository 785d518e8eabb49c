/** The record of a run: what each line removed and kept, and at which it failed. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import type { Event, Operation } from "#src/base/events.js";
import { DAY, fixedClock } from "#src/base/time.js";
import { type LineRecord, type RunRecord, runRecorder } from "#src/serve/run-record.js";
import { type RunOptions, run, runSync } from "#src/tmpfiles/index.js";

const LATER = fixedClock(BigInt(Date.now()) * 1_000_000n + 20n * DAY);
const SOON = fixedClock(BigInt(Date.now()) * 1_000_000n + DAY);

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "mayfly-record-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function files(directory: string, count: number): void {
  mkdirSync(directory, { recursive: true });
  for (let at = 0; at < count; at++) writeFileSync(join(directory, `${at}`), "x".repeat(5000));
}

function recorded(lines: readonly string[], how: Partial<RunOptions> = {}): RunRecord {
  const operations: Operation[] = [...(how.operations ?? (["clean"] as const))];
  const recorder = runRecorder({ operations });
  const options = { inline: true, args: lines.map(bytes), operations, clock: LATER, ...how };
  return recorder.record(runSync(options, recorder));
}

const countsOf = ({ lines }: RunRecord): Omit<LineRecord, "file">[] =>
  lines.map(({ file: _, ...counts }) => counts);

test("a record counts removed and kept entries by line and reason", (t) => {
  const top = directory(t);
  files(join(top, "a"), 3);
  files(join(top, "b/sub"), 2);
  chmodSync(join(top, "a/0"), 0o1644);
  const record = recorded([`e ${top}/a - - - 10d`, `e ${top}/b - - - 30d`, `e ${top}/none - - - 10d`]);
  assert.deepEqual(countsOf(record), [
    { line: 1, path: `${top}/a`, removed: { entries: 2, bytes: 16_384 }, kept: { sticky: 1 }, errors: 0 },
    {
      line: 2,
      path: `${top}/b`,
      removed: { entries: 0, bytes: 0 },
      kept: { "too-new": 3 },
      errors: 0,
    },
    { line: 3, path: `${top}/none`, removed: { entries: 0, bytes: 0 }, kept: {}, errors: 0 },
  ]);
  assert.equal(record.exitStatus, 0);
  assert.equal(record.errors, 0);
  assert.match(record.start, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
});

test("the counts of all lines add up to the summary, with threads and without", (t) => {
  const top = directory(t);
  for (const name of ["a", "b", "c"]) for (const sub of ["x", "y", "z"]) files(join(top, name, sub), 40);
  const lines = ["a", "b", "c"].map((name, at) => bytes(`e ${top}/${name} - - - ${at === 1 ? 30 : 10}d`));
  for (const jobs of [4, 1]) {
    const operations = ["clean"] as const;
    const recorder = runRecorder({ operations });
    const options = { inline: true, args: lines, operations, clock: LATER, jobs, parallelFrom: 0 };
    const summary = runSync({ ...options, dryRun: jobs === 1 }, recorder);
    const { lines: records } = recorder.record(summary);
    const sum = (count: (line: LineRecord) => number): number =>
      records.reduce((total, line) => total + count(line), 0);
    assert.equal(
      sum(({ removed }) => removed.entries),
      summary.removed.entries,
    );
    assert.equal(
      sum(({ removed }) => removed.bytes),
      summary.removed.bytes,
    );
    assert.equal(records[1]?.kept["too-new"], summary.kept["too-new"]);
    if (jobs === 4)
      assert.deepEqual(
        records.map(({ removed }) => removed.entries),
        [123, 0, 123],
      );
  }
});

test("a line's own path counts for the line", (t) => {
  const top = directory(t);
  files(top, 3);
  const record = recorded([`r ${top}/0 - - - 10d`, `r ${top}/1 - - - 30d`]);
  assert.deepEqual(
    record.lines.map(({ removed, kept }) => [removed.entries, kept]),
    [
      [1, {}],
      [0, { "too-new": 1 }],
    ],
  );
  const removal = recorded([`r ${top}/1`, `R ${top}/2`], { operations: ["remove"] });
  assert.deepEqual(
    removal.lines.map(({ removed }) => removed.entries),
    [1, 1],
  );
});

test("a failure counts for its line, and an invalid line as an error of the run", (t) => {
  const top = directory(t);
  files(join(top, "full"), 1);
  const record = recorded([`r ${top}/full`, `? ${top}`, `d ${top}/made`], { operations: ["remove"] });
  assert.deepEqual(countsOf(record), [
    { line: 1, path: `${top}/full`, removed: { entries: 0, bytes: 0 }, kept: {}, errors: 1 },
  ]);
  assert.equal(record.errors, 2);
  assert.equal(record.exitStatus, 65);
  const failed = recorded([`f ${top}/full/0/below`], { operations: ["create"] });
  assert.deepEqual(
    failed.lines.map(({ errors }) => errors),
    [1],
  );
});

test("a record names the file systems of what was cleaned, each once", (t) => {
  const top = directory(t);
  files(join(top, "a"), 1);
  files(join(top, "b"), 1);
  symlinkSync("/proc", join(top, "link"));
  const lines = ["a", "b", "link"].map((name) => `e ${top}/${name} - - - 10d`);
  const [one, ...others] = recorded(lines, { clock: SOON }).fileSystems;
  assert.deepEqual(others, []);
  const { blocks, bsize, files: inodes } = statfsSync(top);
  assert.equal(one?.bytes.size, blocks * bsize);
  assert.equal(one?.inodes.size, inodes);
  assert.ok(top.startsWith(one?.mountPoint ?? "?"));
  assert.deepEqual(recorded([`d ${top}/a`], { operations: ["create"] }).fileSystems, []);
});

test("a recorder passes on what the other reporter wants, and asks for no event of its own", async (t) => {
  const top = directory(t);
  files(join(top, "a"), 2);
  const quiet = runRecorder({ operations: ["clean"] });
  assert.deepEqual([quiet.wantsKept, quiet.wantsRemoved], [false, false]);
  const events: Event[] = [];
  const reporter = { wantsKept: true, report: (event: Event) => void events.push(event) };
  const recorder = runRecorder({ operations: ["clean"], reporter });
  const options = { inline: true, args: [bytes(`e ${top}/a - - - 30d`)], operations: ["clean"] as const };
  const record = recorder.record(await run(options, recorder));
  assert.equal(events.filter(({ type }) => type === "kept").length, 2);
  assert.deepEqual(
    record.lines.map(({ kept }) => kept),
    [{ "too-new": 2 }],
  );
  assert.equal(record.fileSystems.length, 1);
});
