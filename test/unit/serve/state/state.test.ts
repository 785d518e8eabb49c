/** The state directory and the stamp in it: whole, private, and ignored if it is broken. */
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
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { bytes } from "#src/base/bytes.js";
import type { Stamp } from "#src/serve/schedule/stamp.js";
import { parseStamp, stampText } from "#src/serve/state/stamp-file.js";
import { defaultStateDirectory, StateDirectory } from "#src/serve/state/state-directory.js";
import { endWithTest, firstOutput } from "../../../children.js";
import { scratch } from "../../../scratch.js";

function place(t: { after(done: () => void): void }): string {
  const directory = scratch(t);
  return directory;
}

const time = fc.bigInt({ min: 0n, max: 10n ** 19n - 1n });
const anyStamp: fc.Arbitrary<Stamp> = fc.record(
  {
    bootId: fc.string(),
    boot: time,
    age: time,
    succeeded: fc.boolean(),
    wall: time,
    unsettled: time,
    began: time,
  },
  { requiredKeys: ["bootId", "boot", "age", "succeeded", "wall", "began"], noNullPrototype: true },
);

test("a stamp comes back from its text unchanged", () => {
  fc.assert(fc.property(anyStamp, (stamp) => assert.deepEqual(parseStamp(stampText(stamp)), stamp)));
});

test("a text that is not a whole stamp is not taken for one", () => {
  const text = stampText({ bootId: "a", boot: 1n, age: 2n, succeeded: true, wall: 3n, began: 4n });
  for (let length = 0; length < text.length - 1; length++)
    assert.equal(parseStamp(text.slice(0, length)), undefined);
  const broken = ["null", "[]", "1", '"x"', "{}", text.replace('"version":1', '"version":2')];
  const fields = ['"boot":"1"', '"age":"2"', '"wall":"3"', '"began":"4"'].map((field) =>
    text.replace(field, field.replace(/\d/, "-1")),
  );
  const numbers = [text.replace('"1"', "1"), text.replace("true", '"yes"'), text.replace('"a"', "null")];
  for (const other of [...broken, ...fields, ...numbers]) assert.equal(parseStamp(other), undefined, other);
});

test("a file is replaced whole, and what a killed writer left does not matter", (t) => {
  const path = join(place(t), "a/state");
  using state = StateDirectory.open(bytes(path));
  assert.equal(statSync(path).mode & 0o7777, 0o700);
  assert.equal(state.read("stamp"), undefined);
  writeFileSync(join(path, ".stamp.new"), "half");
  state.write("stamp", "one\n");
  state.write("stamp", "two\n");
  assert.equal(state.read("stamp"), "two\n");
  assert.deepEqual(readdirSync(path), ["stamp"]);
  assert.equal(statSync(join(path, "stamp")).mode & 0o7777, 0o600);
});

test("a directory that others can write to is refused", (t) => {
  const directory = place(t);
  for (const mode of [0o777, 0o770, 0o1777]) {
    const path = join(directory, "open");
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
    assert.throws(() => StateDirectory.open(bytes(path)), /cannot be the state directory/);
    mkdirSync(join(path, "below"), { recursive: true });
    if (mode !== 0o1777)
      assert.throws(() => StateDirectory.open(bytes(join(path, "below"))), /cannot be the state directory/);
  }
});

test("a stamp that is a symlink is not read, and is replaced instead of followed", (t) => {
  const path = place(t);
  writeFileSync(join(path, "elsewhere"), "kept");
  symlinkSync("elsewhere", join(path, "stamp"));
  using state = StateDirectory.open(bytes(path));
  assert.throws(() => state.read("stamp"), { code: "ELOOP" });
  state.write("stamp", "own");
  assert.equal(readFileSync(join(path, "elsewhere"), "utf8"), "kept");
  assert.equal(readFileSync(join(path, "stamp"), "utf8"), "own");
});

test("one process at a time has the lock, and a process that is killed releases it", async (t) => {
  const path = place(t);
  using state = StateDirectory.open(bytes(path));
  const holder = endWithTest(
    spawn(process.execPath, [
      "--input-type=module",
      "-e",
      `
      const { StateDirectory } = await import(${JSON.stringify(import.meta.resolve("#src/serve/state/state-directory.js"))});
      const state = StateDirectory.open(${JSON.stringify(path)});
      console.log(state.lock());
      setInterval(() => state, 1000);
    `,
    ]),
  );
  assert.equal(await firstOutput(holder), "true\n");
  assert.equal(state.lock(), false);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  assert.equal(state.lock(), true);
});

test("the default directory is the service manager's, the system's or the user's", () => {
  const root = process.geteuid?.() === 0;
  assert.equal(defaultStateDirectory({ STATE_DIRECTORY: "/var/lib/one:/var/lib/two" }), "/var/lib/one");
  assert.equal(defaultStateDirectory({ XDG_STATE_HOME: "/x" }), root ? "/var/lib/mayfly" : "/x/mayfly");
  assert.equal(defaultStateDirectory({ HOME: "/h" }), root ? "/var/lib/mayfly" : "/h/.local/state/mayfly");
});
