/** An installation without koffi, as `npm install --omit=optional` or a copied directory may result in. */
import assert from "node:assert/strict";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { scratch } from "../scratch.js";
import { ROOT, start } from "./program.js";

test("without koffi, the help works, and everything else reports what is missing", (t) => {
  const dir = scratch(t);
  cpSync(join(ROOT, "bin"), join(dir, "bin"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(dir, "package.json"));
  cpSync(join(ROOT, "dist"), join(dir, "dist"), { recursive: true });
  symlinkSync("mayfly.js", join(dir, "bin/systemd-tmpfiles"));
  const mayfly = (...args: string[]): ReturnType<typeof start> =>
    start(process.execPath, [join(dir, "bin/mayfly.js"), ...args]);
  for (const args of [["--help"], ["--version"], ["clean", "--help"], ["mktemp", "--help"]]) {
    assert.equal(mayfly(...args).status, 0, args.join(" "));
  }
  const missing = /cannot load the native module koffi for linux-[a-z0-9]+: install mayfly again/;
  for (const args of [
    ["mktemp"],
    ["clean", "-n"],
    ["tmpfiles", "--clean"],
    ["run", "true"],
    ["explain", "/tmp"],
  ]) {
    const { status, stderr } = mayfly(...args);
    assert.notEqual(status, 0, args.join(" "));
    assert.match(stderr, missing);
    assert.doesNotMatch(stderr, /^ +at /m);
  }
  const library = pathToFileURL(join(dir, "dist/index.js")).href;
  const program = `const { mkdtemp } = await import(${JSON.stringify(library)});
    await mkdtemp().catch((error) => console.error(error.message));`;
  const ended = start(process.execPath, ["--input-type=module", "-e", program]);
  assert.equal(ended.status, 0);
  assert.match(ended.stderr, missing);
});
