import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  excludeFromAgeingSync,
  keepAliveSync,
  makeStickySync,
  mkdtempSync,
  mkstempSync,
} from "#src/index.js";
import { scratch } from "../../scratch.js";
import { ageOnce, cleanerMissing, clockAhead } from "./ageing.js";
import { useRuntimeDir } from "./environment.js";
import { peersIn } from "./peers.js";
import { runProgram } from "./program.js";

const LONG_AGO = new Date("2001-02-03T04:05:06Z");
const FILES = ["a", "b/c", "b/d/e", "f/g/h/i"];

/** An archive of a tree whose every file is years old. */
function archive(folder: string): string {
  const tree = join(folder, "tree");
  for (const file of FILES) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), file);
  }
  makeOld(tree);
  const path = join(folder, "tree.tar");
  execFileSync("tar", ["-C", tree, "-cf", path, "."]);
  return path;
}

function makeOld(tree: string): void {
  const names = readdirSync(tree, { recursive: true, encoding: "utf8" });
  for (const name of names.reverse()) utimesSync(join(tree, name), LONG_AGO, LONG_AGO);
}

/** As tar and others restore access times too. */
function unpack(path: string, into: string): void {
  execFileSync("tar", ["-xf", path, "-C", into]);
  makeOld(into);
}

const left = (dir: string): number => FILES.filter((file) => existsSync(join(dir, file))).length;

/** A directory whose contents age, and a directory for the test's own files. */
function stage(t: TestContext) {
  const folder = scratch(t);
  const dir = join(folder, "aged");
  mkdirSync(dir);
  return { folder, dir, tar: archive(folder) };
}

const ages = [
  { age: "am:1d", daysAhead: 0 },
  { age: "1d", daysAhead: 11 },
];

for (const { age, daysAhead } of ages) {
  const when = daysAhead > 0 ? `${age}, ${daysAhead} days later` : age;

  test(`an old tree in our directory survives ageing by ${when}; in others' it does not`, async (t) => {
    const missing = cleanerMissing();
    if (missing !== false) return t.skip(missing);
    const { folder, dir, tar } = stage(t);
    const clock = clockAhead(folder);
    if (clock === undefined) return t.skip("no C compiler to set the clock ahead with");
    using ours = mkdtempSync({ dir });
    using file = mkstempSync({ dir, content: "x" });
    const peers = await peersIn(dir);
    t.after(() => peers.end());
    const others = Object.entries(peers.directories);
    for (const path of [ours.path, ...others.map(([, path]) => path)]) unpack(tar, path);
    utimesSync(file.path, LONG_AGO, LONG_AGO);

    ageOnce({ dir, age, folder, daysAhead, clock });
    assert.equal(left(ours.path), FILES.length);
    assert.ok(existsSync(file.path));
    for (const [name, path] of others) assert.ok(left(path) < FILES.length, `${name} lost nothing`);
  });

  test(`after its owner was killed, our directory ages out by ${when}`, (t) => {
    const missing = cleanerMissing();
    if (missing !== false) return t.skip(missing);
    const { folder, dir, tar } = stage(t);
    const clock = clockAhead(folder);
    if (clock === undefined) return t.skip("no C compiler to set the clock ahead with");
    const killed = runProgram(
      `const made = mayfly.mkdtempSync({ dir: data.dir });
       process.kill(process.pid, "SIGKILL");`,
      { dir },
    );
    assert.equal(killed.signal, "SIGKILL");
    const [name = ""] = readdirSync(dir);
    unpack(tar, join(dir, name));
    assert.equal(left(join(dir, name)), FILES.length);
    ageOnce({ dir, age, folder, daysAhead, clock });
    assert.equal(left(join(dir, name)), 0);
  });
}

test("keepAlive, makeSticky and excludeFromAgeing protect exactly their paths", (t) => {
  const missing = cleanerMissing();
  if (missing !== false) return t.skip(missing);
  const { folder, dir, tar } = stage(t);
  for (const name of ["kept", "excluded %h", "plain"]) {
    mkdirSync(join(dir, name));
    unpack(tar, join(dir, name));
  }
  makeStickySync(join(dir, "plain/a"));
  using kept = keepAliveSync(join(dir, "kept"), { recursive: true });
  kept.touch();
  useRuntimeDir(t, folder);
  using exclusion = excludeFromAgeingSync(join(dir, "excluded*"));
  ageOnce({ dir, age: "am:1d", folder, extra: [exclusion.path] });
  assert.equal(left(join(dir, "kept")), FILES.length);
  assert.equal(left(join(dir, "excluded %h")), FILES.length);
  assert.equal(left(join(dir, "plain")), 1);
  const { path } = exclusion;
  exclusion.removeSync();
  assert.equal(existsSync(path), false);
});

test("special characters in an excluded path have no meaning", (t) => {
  const missing = cleanerMissing();
  if (missing !== false) return t.skip(missing);
  const { folder, dir, tar } = stage(t);
  const odd = join(dir, 'a "b" \\c %d\n\tü');
  mkdirSync(odd);
  unpack(tar, odd);
  useRuntimeDir(t, folder);
  using exclusion = excludeFromAgeingSync(odd.replace("\\", "\\\\"));
  ageOnce({ dir, age: "am:1d", folder, extra: [exclusion.path] });
  assert.equal(left(odd), FILES.length);
});
