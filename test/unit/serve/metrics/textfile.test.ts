/** The metrics as a file: always whole, and continued only from this user's own file. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { replaceFile } from "#src/path/replace-file.js";
import { addToMetricsFile } from "#src/serve/metrics/textfile.js";
import { Fd, O_DIRECTORY, O_PATH, openat } from "#src/sys/files.js";
import { endWithTest, firstOutput } from "../../../children.js";
import { scratch } from "../../../scratch.js";
import { lineRecord, runRecord } from "./records.js";

const READS = Number(process.env.READS ?? 2000);
const FEWEST_CHANGES = 10;
const WRITER = resolve(import.meta.dirname, "textfile-writer.js");

test("each run is added to the file, which everyone may read", async (t) => {
  const file = join(scratch(t), "mayfly.prom");
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  for (let run = 0; run < 3; run++)
    await addToMetricsFile(bytes(file), runRecord({ lines: [lineRecord(1, 2)] }), "1");
  const text = readFileSync(file, "utf8");
  assert.match(text, /^mayfly_removed_entries_total\{.*\} 6$/m);
  assert.match(text, /^mayfly_runs_total\{operation="clean",status="success"\} 3$/m);
  assert.equal(statSync(file).mode & 0o7777, 0o644);
});

test("a symlink is replaced, and nothing is read or written through it", async (t) => {
  const path = scratch(t);
  const [file, target] = [join(path, "m.prom"), join(path, "target")];
  writeFileSync(target, 'mayfly_errors_total{operation="clean"} 99\n');
  symlinkSync(target, file);
  await addToMetricsFile(bytes(file), runRecord(), "1");
  assert.match(readFileSync(file, "utf8"), /^mayfly_errors_total\{operation="clean"\} 0$/m);
  assert.equal(readFileSync(target, "utf8"), 'mayfly_errors_total{operation="clean"} 99\n');
});

test("a file that others can write to does not count", async (t) => {
  const file = join(scratch(t), "m.prom");
  writeFileSync(file, 'mayfly_errors_total{operation="clean"} 99\n');
  chmodSync(file, 0o666);
  await addToMetricsFile(bytes(file), runRecord(), "1");
  assert.match(readFileSync(file, "utf8"), /^mayfly_errors_total\{operation="clean"\} 0$/m);
  assert.equal(statSync(file).mode & 0o7777, 0o644);
});

test("what is not a regular file is an error", async (t) => {
  const path = scratch(t);
  mkdirSync(join(path, "m.prom"));
  await assert.rejects(addToMetricsFile(bytes(join(path, "m.prom")), runRecord(), "1"), { code: "EISDIR" });
  await assert.rejects(addToMetricsFile(bytes(join(path, "none/m.prom")), runRecord(), "1"), {
    code: "ENOENT",
  });
});

test("what a killed process left is removed", (t) => {
  const path = scratch(t);
  writeFileSync(join(path, "m.prom.new"), "half");
  using dir = openat(Fd.cwd, bytes(path), O_PATH | O_DIRECTORY);
  replaceFile(dir, bytes("m.prom"), Buffer.from("whole"), 0o644);
  assert.deepEqual(readdirSync(path), ["m.prom"]);
  assert.equal(readFileSync(join(path, "m.prom"), "utf8"), "whole");
});

test(`${READS} reads beside two writers never see a part of the file`, async (t) => {
  const file = join(scratch(t), "mayfly.prom");
  const writers = [0, 1].map(() =>
    endWithTest(spawn(process.execPath, [WRITER, file], { stdio: ["ignore", "pipe", "inherit"] })),
  );
  // Before the directory is removed, so that nothing appears in it meanwhile.
  await using _ending = {
    async [Symbol.asyncDispose]() {
      await Promise.all(writers.map((writer) => writer.kill("SIGKILL") && once(writer, "exit")));
    },
  };
  for (const writer of writers) assert.equal(await firstOutput(writer), "written\n");
  const seen = new Set<string>();
  // On a busy host the writers may not get to run meanwhile.
  for (let read = 0; read < READS || (seen.size < FEWEST_CHANGES && read < READS * 100); read++) {
    const text = readFileSync(file, "utf8");
    const [, filler] = /^mayfly_run_duration_seconds_total\{operation="clean"\} (.*)$/m.exec(text) ?? [];
    assert.ok(text.startsWith("# HELP mayfly_build_info"), "the start is missing");
    assert.ok(/\nmayfly_filesystem_inodes_free\{mountpoint="\/"\} 1\n$/.test(text), "the end is missing");
    assert.equal(text.match(/^mayfly_removed_entries_total\{/gm)?.length, 40);
    seen.add(filler ?? "");
    if (read % 100 !== 0) continue;
    // Lets this process notice that a writer has ended.
    await new Promise(setImmediate);
    for (const { exitCode, signalCode } of writers)
      assert.deepEqual([exitCode, signalCode], [null, null], "a writer has ended");
  }
  assert.ok(seen.size >= FEWEST_CHANGES, `the file changed ${seen.size} times`);
});
