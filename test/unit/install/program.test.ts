/** The check of the program that jobs start. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Bytes, bytes } from "../../../src/base/bytes.js";
import type { Host } from "../../../src/install/plan.js";
import { checkProgram, runningProgram } from "../../../src/install/program.js";
import { needsRoot } from "../../requirements.js";
import { scratch } from "../../scratch.js";

const HOST: Host = {
  root: "/" as Bytes,
  user: false,
  home: "/root" as Bytes,
  state: "/var/lib/mayfly" as Bytes,
  running: true,
};

const program = (node: string, script = node) => ({ node: bytes(node), script: bytes(script) });

test("the program is found by its real path", (t) => {
  const directory = scratch(t);
  mkdirSync(join(directory, "lib"));
  writeFileSync(join(directory, "lib/mayfly.js"), "");
  symlinkSync("lib", join(directory, "link"));
  const { script } = runningProgram(bytes(join(directory, "link/mayfly.js")));
  assert.equal(script, join(directory, "lib/mayfly.js"));
});

test("a program in a temporary directory is refused", () => {
  for (const path of ["/tmp/mayfly", "/var/tmp/x/mayfly", "/dev/shm/mayfly", "/run/user/0/mayfly"])
    assert.throws(
      () => checkProgram(HOST, program("/usr/bin/env", path)),
      /cannot run a program in a temporary/,
    );
  // Only the host itself is checked, not a tree that is prepared.
  assert.deepEqual(checkProgram({ ...HOST, running: false }, program("/tmp/mayfly")), []);
});

test("a program that another user can replace is refused, at each level of its path", {
  skip: needsRoot,
}, (t) => {
  // The runner removes what is left in /var.
  const directory = scratch(t, "/var");
  const script = join(directory, "lib/mayfly.js");
  mkdirSync(join(directory, "lib"));
  writeFileSync(script, "");
  chmodSync(directory, 0o755);
  const check = (): string[] => checkProgram(HOST, program(script));
  assert.deepEqual(check(), []);
  for (const path of [directory, join(directory, "lib"), script]) {
    chmodSync(path, 0o777);
    assert.throws(check, /another user could replace this program/, `mode of ${path}`);
    chmodSync(path, 0o755);
    chownSync(path, 12345, 12345);
    assert.throws(check, /another user could replace this program/, `owner of ${path}`);
    chownSync(path, 0, 0);
  }
  assert.throws(() => checkProgram(HOST, program(join(directory, "missing"))), /could replace this program/);
});

test("a program in a home directory gets a warning, unless it is for the user", () => {
  const host = { ...HOST, running: false };
  const found = checkProgram(host, program("/usr/bin/node", "/home/somebody/mayfly.js"));
  assert.deepEqual([found.length, /in a home directory/.test(found[0] ?? "")], [1, true]);
  assert.deepEqual(checkProgram({ ...host, user: true }, program("/home/somebody/mayfly.js")), []);
});
