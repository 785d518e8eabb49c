/** --metrics-file of clean, create, remove and purge; promtool and Prometheus read what it writes. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { endWithTest, until } from "../children.js";
import { needsPrograms } from "../requirements.js";
import { MAYFLY, mayfly, Scratch } from "./program.js";

const OLD = new Date("2020-01-01T00:00:00Z");

function old(directory: string, ...names: readonly string[]): void {
  mkdirSync(directory, { recursive: true });
  for (const name of names) {
    writeFileSync(join(directory, name), "x");
    utimesSync(join(directory, name), OLD, OLD);
  }
}

/** The samples of a metric: the line without its name. */
function samples(file: string, name: string): string[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length));
}

test("the runs of all commands add up in one file", () => {
  using scratch = new Scratch();
  const [top, file] = [join(scratch.path, "top"), join(scratch.path, "mayfly.prom")];
  const run = (...args: readonly string[]) => mayfly([...args, "--metrics-file", file, "--quiet"]);
  for (const names of [["a", "b"], ["c"]]) {
    old(top, ...names);
    assert.deepEqual(run("clean", "--inline", `e ${top} - - - m:10d`), { status: 0, stdout: "", stderr: "" });
  }
  assert.equal(run("create", "--inline", `f ${top}/f`, `f ${top}/f/below`).status, 73);
  assert.equal(run("remove", "--inline", `r ${top}/f`).status, 0);
  assert.equal(run("purge", "--inline", `d$ ${top}`).status, 0);
  const line = (operation: string, path: string): string =>
    `{operation="${operation}",file="(argument)",line="1",path="${path}"}`;
  assert.deepEqual(samples(file, "mayfly_removed_entries_total"), [
    `${line("clean", top)} 3`,
    `${line("remove", `${top}/f`)} 1`,
    `${line("purge", top)} 1`,
  ]);
  assert.deepEqual(
    samples(file, "mayfly_runs_total").filter((sample) => !sample.endsWith(" 0")),
    [
      '{operation="clean",status="success"} 2',
      '{operation="create",status="failure"} 1',
      '{operation="remove",status="success"} 1',
      '{operation="purge",status="success"} 1',
    ],
  );
  assert.ok(samples(file, "mayfly_errors_total").includes('{operation="create"} 1'));
  assert.ok(samples(file, "mayfly_last_run_exit_status").includes('{operation="create"} 73'));
});

test("a file that cannot be written is an error after the run", () => {
  using scratch = new Scratch();
  const top = join(scratch.path, "top");
  old(top, "a");
  const file = join(scratch.path, "none/mayfly.prom");
  const clean = ["clean", "--inline", `e ${top} - - - m:10d`, "--metrics-file", file];
  const { status, stderr } = mayfly(clean);
  assert.equal(status, 1);
  assert.equal(
    stderr,
    `mayfly clean: cannot write the metrics: ${file}: cannot open ${join(scratch.path, "none")}: No such file or directory\n`,
  );
  assert.ok(!existsSync(join(top, "a")));
  const json = mayfly([...clean, "--json"])
    .stdout.trim()
    .split("\n");
  assert.equal(JSON.parse(json.at(-1) ?? "").type, "error");
});

test("a dry run and an empty path are refused", () => {
  const dry = mayfly(["clean", "--dry-run", "--metrics-file", "/nowhere/m.prom"]);
  assert.deepEqual(
    [dry.status, dry.stderr],
    [64, "mayfly clean: options '--metrics-file' and '--dry-run' cannot be combined\n"],
  );
  const empty = mayfly(["clean", "--metrics-file="]);
  assert.equal(empty.stderr, "mayfly clean: option '--metrics-file' expects a path, not an empty string\n");
});

test("a run that is interrupted is recorded, and the process still ends by the signal", async () => {
  using scratch = new Scratch();
  const [top, file] = [join(scratch.path, "top"), join(scratch.path, "m.prom")];
  const all = 3000;
  for (let at = 0; at < all; at++) mkdirSync(join(top, `${at}/a/b`), { recursive: true });
  const args = [MAYFLY, "remove", "--verbose", "--inline", `R ${top}`, "--metrics-file", file];
  const child = endWithTest(spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] }));
  const ended = new Promise<string | null>((done) => child.once("exit", (_, signal) => done(signal)));
  // The pipe, which nobody reads yet, stops the run after the first ones: in the order of the file system.
  await until("the run has begun", () => readdirSync(top).length < all || child.exitCode !== null);
  child.kill("SIGTERM");
  child.stdout.resume();
  assert.equal(await ended, "SIGTERM");
  const runs = samples(file, "mayfly_runs_total").filter((sample) => sample.endsWith(" 1"));
  assert.equal(runs.length, 1);
});

test("promtool accepts the metrics", { skip: needsPrograms("promtool") }, () => {
  using scratch = new Scratch();
  const file = join(scratch.path, "m.prom");
  old(join(scratch.path, "top"), "a");
  mayfly(["clean", "--inline", `e ${scratch.path}/top - - - m:10d`, "--metrics-file", file]);
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: readFileSync(file),
    encoding: "utf8",
  });
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" });
});
