import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, Scratch, start } from "./program.js";

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  exports: Record<string, string>;
  dependencies: Record<string, string>;
};

/** What npm would install, in a node_modules of its own: packed, unpacked, and the dependencies as they are here. */
function install(scratch: Scratch): string {
  const packed = start("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", scratch.path], {
    cwd: ROOT,
    env: { HOME: scratch.path, npm_config_loglevel: "error" },
  });
  assert.equal(packed.status, 0, packed.stderr);
  const modules = join(scratch.path, "node_modules");
  mkdirSync(join(modules, "mayfly"), { recursive: true });
  const archive = readdirSync(scratch.path).find((name) => name.endsWith(".tgz")) ?? "";
  start("tar", ["-xf", join(scratch.path, archive), "-C", join(modules, "mayfly"), "--strip-components=1"]);
  for (const name of Object.keys(manifest.dependencies)) {
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  return join(modules, "mayfly");
}

test("what npm packs is all that it takes: entries for import and require, the program, man pages, completions", () => {
  using scratch = new Scratch();
  const home = install(scratch);
  const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"));
  assert.ok(entries.length > 0);
  for (const entry of entries) {
    const name = join("mayfly", entry);
    for (const script of [
      `import("${name}").then((all) => console.log(Object.keys(all).length > 0))`,
      `console.log(Object.keys(require("${name}")).length > 0)`,
    ]) {
      const loaded = start(process.execPath, ["--no-warnings", "-e", script], { cwd: scratch.path });
      assert.deepEqual({ script, ...loaded }, { script, status: 0, stdout: "true\n", stderr: "" });
    }
  }
  const program = join(home, "bin/mayfly.js");
  const ran = start(program, ["create", "--dry-run", "--inline", `d ${scratch.path}/x`]);
  assert.equal(ran.stdout.split("\n")[0], `would create ${scratch.path}/x/`);
  for (const file of ["man/mayfly.1", "completions/_mayfly", "README.md", "LICENSE"]) {
    assert.ok(existsSync(join(home, file)), file);
  }
  const packed = readdirSync(home, { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    packed.filter((file) => /^(src|test|build|scripts|bench)\/|\.map$|\.tgz$/.test(file)),
    [],
  );
});

test("a program that imports the types compiles", {
  skip: existsSync(join(ROOT, "node_modules/typescript")) ? false : "there is no tsc",
}, () => {
  using scratch = new Scratch();
  install(scratch);
  const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"));
  const lines = entries.map(
    (entry, at) => `import * as m${at} from "${join("mayfly", entry)}"; export type T${at} = typeof m${at};`,
  );
  const file = join(scratch.path, "uses.mts");
  start("sh", ["-c", 'printf "%s\\n" "$@" >"$0"', file, ...lines]);
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  symlinkSync(join(ROOT, "node_modules/@types"), join(scratch.path, "node_modules/@types"));
  const args = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--lib",
    "es2023,esnext.disposable",
  ];
  const compiled = start(process.execPath, [tsc, ...args, "--types", "node", file], { cwd: scratch.path });
  assert.deepEqual(compiled, { status: 0, stdout: "", stderr: "" });
});
