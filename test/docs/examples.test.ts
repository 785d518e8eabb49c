/** Runs the examples of the library as they are, in a directory where the package is installed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { transformSync } from "esbuild";
import { needsRoot } from "../unit/temp/scratch.js";

const project = resolve(import.meta.dirname, "../../..");
const page = readFileSync(join(project, "docs/library.md"), "utf8");
const blocks = [...page.matchAll(/^```js( root)?\n([\s\S]*?)^```$/gm)];

test("the page has examples", () => assert.ok(blocks.length >= 5));

for (const [index, [, root, example = ""]] of blocks.entries()) {
  const line = page.slice(0, page.indexOf(example)).split("\n").length;
  const skip = root === undefined ? false : needsRoot;

  test(`docs/library.md, example ${index + 1} on line ${line}`, { skip }, (t) => {
    const folder = mkdtempSync(join(tmpdir(), "mayfly-test-"));
    t.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(project, join(folder, "node_modules/mayfly"));
    // Node 20 does not know `using` yet.
    const { code } = transformSync(example, { target: "node20", format: "esm", supported: { using: false } });
    writeFileSync(join(folder, "example.mjs"), code);
    const { status, stderr } = spawnSync(process.execPath, [join(folder, "example.mjs")], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  });
}
