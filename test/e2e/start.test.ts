/** The start of the commands that hosts run most often: they load only what they need. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MAYFLY, Scratch, start } from "./program.js";

/** Prints the name of each of Node's modules that the program asks for. */
const RECORDER = `
const { Module } = require("node:module");
const load = Module._load;
const names = new Set();
Module._load = function (name, ...rest) {
  if (name.startsWith("node:")) names.add(name.slice(5));
  return load.call(this, name, ...rest);
};
process.on("exit", () => require("node:fs").writeSync(2, [...names].join("\\n")));
`;

/** fs and vm start the program; koffi uses util and path. */
const NEEDED = ["fs", "vm", "util", "path", "perf_hooks", "os"];

for (const command of [["clean"], ["create"], ["remove"], ["tmpfiles", "--clean"]]) {
  test(`mayfly ${command.join(" ")} loads few of Node's modules`, () => {
    using scratch = new Scratch();
    const recorder = join(scratch.path, "recorder.cjs");
    writeFileSync(recorder, RECORDER);
    const args = [...command, "--dry-run", "--inline", `d ${scratch.path}/x - - - 10d`];
    const done = start(process.execPath, ["--require", recorder, MAYFLY, ...args]);
    assert.equal(done.status, 0);
    const loaded = done.stderr.split("\n");
    assert.ok(loaded.includes("fs"), done.stderr);
    assert.deepEqual(
      loaded.filter((name) => !NEEDED.includes(name)),
      [],
    );
  });
}
