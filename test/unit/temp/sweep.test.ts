import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { mkdtempSync, mkstempSync, sweepStale, sweepStaleSync } from "#src/index.js";
import { scratch } from "../../scratch.js";
import { isRoot } from "./environment.js";

const library = pathToFileURL(join(import.meta.dirname, "../../../../dist/index.js")).href;
const FRESH = "0123456789abcdef0123456789abcdef";

/** What a killed program leaves in `dir`: a directory with something in it, and a file. */
function leave(dir: string): void {
  const program = `
    const { mkdtempSync, mkstempSync } = await import(${JSON.stringify(library)});
    const { writeFileSync } = await import("node:fs");
    writeFileSync(mkdtempSync({ dir: ${JSON.stringify(dir)} }).path + "/file", "x");
    mkstempSync({ dir: ${JSON.stringify(dir)} });
    process.kill(process.pid, "SIGKILL");`;
  const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", program]);
  assert.equal(signal, "SIGKILL");
}

test("a sweep removes leftovers of a killed program, and nothing in use", async (t) => {
  const dir = scratch(t);
  leave(dir);
  assert.equal(readdirSync(dir).length, 2);
  using live = mkdtempSync({ dir });
  using file = mkstempSync({ dir });
  const { removed, failed } = await sweepStale({ dir });
  assert.equal(removed.length, 2);
  assert.deepEqual(failed, []);
  assert.ok(existsSync(live.path) && existsSync(file.path));
  assert.equal(readdirSync(dir).length, 2);
});

test("a sweep skips detached and foreign entries, other names and symlinks", (t) => {
  const dir = scratch(t);
  const expected = [mkdtempSync({ dir }).detach()];
  for (const name of ["mayfly-short", `other-${FRESH}`, `mayfly-${FRESH}.txt`]) {
    mkdirSync(join(dir, name));
    expected.push(join(dir, name));
  }
  symlinkSync("mayfly-short", join(dir, `mayfly-${FRESH}`));
  expected.push(join(dir, `mayfly-${FRESH}`));
  if (isRoot) {
    const theirs = join(dir, `mayfly-${FRESH.replaceAll("0", "f")}`);
    mkdirSync(theirs);
    chownSync(theirs, 65534, 65534);
    expected.push(theirs);
  }
  assert.deepEqual(sweepStaleSync({ dir }), { removed: [], failed: [] });
  assert.deepEqual(readdirSync(dir).sort(), expected.map((path) => path.slice(dir.length + 1)).sort());
});

test("a sweep only matches its own prefix and suffix", (t) => {
  const dir = scratch(t);
  const mine = join(dir, `app-${FRESH}.work`);
  mkdirSync(mine);
  writeFileSync(join(mine, "x"), "");
  assert.deepEqual(sweepStaleSync({ dir, prefix: "app-", suffix: ".work" }).removed, [mine]);
});
