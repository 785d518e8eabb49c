/** Runs the examples of docs/ as they are, in a directory where the package is installed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { transformSync } from "esbuild";
import { scratch } from "../scratch.js";
import { needsRoot } from "../unit/temp/environment.js";

const project = resolve(import.meta.dirname, "../../..");
const pages = readdirSync(join(project, "docs")).filter((page) => page.endsWith(".md"));
const examples = pages.flatMap((page) => {
  const text = readFileSync(join(project, "docs", page), "utf8");
  return [...text.matchAll(/^```js( root)?\n([\s\S]*?)^```$/gm)].map(({ index, 1: root, 2: code = "" }) => {
    return { page, line: text.slice(0, index).split("\n").length + 1, root: root !== undefined, code };
  });
});

test("each page for programs has examples", () => {
  for (const page of ["library.md", "tmpfiles.md", "inspect.md"])
    assert.ok(examples.filter((example) => example.page === page).length >= 3, page);
});

for (const { page, line, root, code } of examples) {
  test(`docs/${page}, the example on line ${line}`, { skip: root ? needsRoot : false }, (t) => {
    const folder = scratch(t);
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(project, join(folder, "node_modules/mayfly"));
    // Node 20 does not know `using` yet.
    const plain = transformSync(code, { target: "node20", format: "esm", supported: { using: false } });
    writeFileSync(join(folder, "example.mjs"), plain.code);
    const { status, stderr } = spawnSync(process.execPath, [join(folder, "example.mjs")], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(status, 0, stderr);
  });
}
