import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";

const project = resolve(import.meta.dirname, "../../..");

for (const [how, args] of [
  [
    "import",
    ["--input-type=module", "-e", 'import * as m from "mayfly"; console.log(Object.keys(m).join())'],
  ],
  ["require", ["-e", 'console.log(Object.keys(require("mayfly")).join())']],
] as const) {
  test(`${how} gives every function with its Sync twin`, () => {
    const { stdout, status, stderr } = spawnSync(process.execPath, args, { cwd: project, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const names = new Set(stdout.trim().split(","));
    const functions = [...names].filter((name) => /^[a-z]/.test(name) && !name.endsWith("Sync"));
    assert.ok(functions.length >= 14);
    for (const name of functions) assert.ok(names.has(`${name}Sync`), `${name} has no Sync twin`);
  });
}
