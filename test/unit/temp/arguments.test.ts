/** Arguments are checked: the TypeError names the function, the argument and what is expected. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import * as mayfly from "#src/index.js";
import { scratch } from "../../scratch.js";
import { withTmpdir } from "./environment.js";

type Function = (...args: readonly unknown[]) => unknown;
const call = (name: string): Function => Reflect.get(mayfly, name) as Function;

const wrong: [name: string, args: readonly unknown[], message: RegExp][] = [
  ["mkdtempSync", ["myapp-"], /^mkdtemp: options must be an object such as \{ prefix, .* \}, not "myapp-"$/],
  ["mkstempSync", ["foo-"], /^mkstemp: options must be an object/],
  ["openTempSync", ["foo-"], /^openTemp: options must be an object/],
  ["openMemfdSync", ["name"], /^openMemfd: options must be an object/],
  ["mkdtempSync", [null], /options must be an object such as .*, not null$/],
  ["mkdtempSync", [["a"]], /options must be an object such as .*, not an array$/],
  ["mkdtempSync", [{ Prefix: "a" }], /^mkdtemp: unknown option "Prefix" \(did you mean "prefix"\?\)$/],
  ["mkdtempSync", [{ content: "x" }], /^mkdtemp: unknown option "content" \(expected prefix, suffix, /],
  ["openTempSync", [{ prefix: "x" }], /^openTemp: unknown option "prefix"/],
  ["mkdtempSync", [{ size: "huge" }], /^mkdtemp: options.size must be "small" or "large", not "huge"$/],
  ["mkdtempSync", [{ prefix: 5 }], /^mkdtemp: options.prefix must be a part of a file name.*, not 5$/],
  ["mkdtempSync", [{ prefix: "a/b" }], /options.prefix must be a part of a file name/],
  ["mkdtempSync", [{ suffix: "\0" }], /options.suffix must be a part of a file name/],
  ["mkdtempSync", [{ dir: "" }], /options.dir must be a path/],
  ["mkdtempSync", [{ dir: "/tmp\0" }], /options.dir must be a path/],
  ["mkdtempSync", [{ dir: 5 }], /options.dir must be a path/],
  ["mkdtempSync", [{ fallback: "/var/tmp" }], /options.fallback must be true or false, or an array/],
  ["mkdtempSync", [{ fallback: [5] }], /options.fallback must be/],
  ["mkdtempSync", [{ earlyBoot: "no" }], /options.earlyBoot must be true or false/],
  [
    "mkstempSync",
    [{ content: 5 }],
    /^mkstemp: options.content must be a string, Buffer or Uint8Array, not 5$/,
  ],
  ["openTempSync", [{ content: {} }], /options.content must be .*, not an object$/],
  ["openTempSync", [{ reserve: -1 }], /options.reserve must be a non-negative integer, not -1$/],
  ["openTempSync", [{ reserve: "1k" }], /options.reserve must be/],
  ["openMemfdSync", [{ name: "x".repeat(300) }], /options.name must be a string of at most 249 bytes/],
  ["openMemfdSync", [{ sealable: 1 }], /options.sealable must be true or false/],
  ["tempRootSync", ["medium"], /^tempRoot: size must be "small" or "large", not "medium"$/],
  ["withTempDirSync", [], /^withTempDir: callback must be a function, not undefined$/],
  ["withTempDirSync", [{}, () => 0], /^withTempDir: callback must be a function, not an object$/],
  ["withTempDirSync", [() => 0, "x"], /^withTempDir: options must be an object/],
  ["sweepStaleSync", ["x-"], /^sweepStale: options must be an object/],
  ["sweepStaleSync", [{ prefx: "x" }], /^sweepStale: unknown option "prefx"/],
  ["keepAliveSync", [], /^keepAlive: paths must be a path.*, or an array/],
  ["keepAliveSync", [[5]], /^keepAlive: paths must be/],
  ["keepAliveSync", ["/tmp", { every: 0 }], /options.every must be a number of milliseconds/],
  ["keepAliveSync", ["/tmp", { every: Number.NaN }], /options.every must be a number of milliseconds/],
  ["keepAliveSync", ["/tmp", { onError: 5 }], /options.onError must be a function/],
  ["makeStickySync", [], /^makeSticky: path must be a path/],
  ["excludeFromAgeingSync", [], /^excludeFromAgeing: glob must be a path/],
  ["excludeFromAgeingSync", ["/x", { contents: "x" }], /options.contents must be true or false/],
  ["runtimeDirSync", [], /^runtimeDir: name must be the name of a directory/],
  ["runtimeDirSync", ["../x"], /^runtimeDir: name must be the name of a directory/],
  ["stateDirSync", [".."], /^stateDir: name must be the name of a directory/],
  ["stateDirSync", ["x", { mode: "755" }], /options.mode must be permissions, from 0 to 0o7777, not "755"$/],
  ["withMountSync", [], /^withMount: source must be a path/],
  ["withMountSync", ["none"], /^withMount: options must be an object/],
  ["withMountSync", ["none", {}], /^withMount: options.type must be a string/],
  ["withMountSync", ["none", { type: "tmpfs" }], /^withMount: callback must be a function/],
  ["withMountSync", ["none", { type: "tmpfs", options: { size: 1 } }, () => 0], /options.options must be/],
];

for (const [name, args, message] of wrong) {
  test(`${name}(${inspect(args).slice(1, -1).slice(0, 60)}) is refused`, async (t) => {
    const dir = scratch(t);
    withTmpdir(dir, () => assert.throws(() => call(name)(...args), { name: "TypeError", message }));
    const promised = call(name.slice(0, -"Sync".length));
    await withTmpdir(dir, () =>
      assert.rejects(async () => promised(...args), { name: "TypeError", message }),
    );
    assert.deepEqual(readdirSync(dir), []);
  });
}

test("an option that is undefined counts as left out", (t) => {
  const given = { dir: scratch(t), prefix: undefined, size: undefined } as unknown as mayfly.TempDirOptions;
  mayfly.mkdtempSync(given).removeSync();
});

test("methods check their arguments", (t) => {
  const dir = scratch(t);
  using file = mayfly.openTempSync({ dir });
  const persist = file.persistSync.bind(file) as Function;
  const append = file.appendSync.bind(file) as Function;
  assert.throws(() => persist(), { name: "TypeError", message: /^persist: path must be a path/ });
  assert.throws(() => persist(""), { name: "TypeError", message: /^persist: path must be a path/ });
  assert.throws(() => persist(`${dir}/x`, { overwrite: true }), { message: /unknown option "overwrite"/ });
  assert.throws(() => persist(`${dir}/x`, { mode: "644" }), { message: /options.mode must be permissions/ });
  assert.throws(() => persist(`${dir}/x`, "0644"), { message: /^persist: options must be an object/ });
  assert.throws(() => append(5), { name: "TypeError", message: /^append: data must be a string/ });
  using memory = mayfly.openMemfdSync();
  const seal = memory.seal.bind(memory) as Function;
  assert.throws(() => seal("all"), { name: "TypeError", message: /^seal: seals must be an array.*"write"/ });
  assert.deepEqual(readdirSync(dir), []);
});

test("inspecting an object shows its path", (t) => {
  const dir = scratch(t);
  using directory = mayfly.mkdtempSync({ dir });
  using named = mayfly.mkstempSync({ dir });
  using file = mayfly.openTempSync({ dir });
  using memory = mayfly.openMemfdSync();
  assert.ok(inspect(directory).includes(directory.path));
  assert.ok(inspect(named).includes(named.path));
  assert.match(inspect(file), new RegExp(`^TempFile \\{ fd: ${file.fd}, `));
  assert.match(inspect(memory), new RegExp(`^Memfd \\{ fd: ${memory.fd}, `));
});

test("errors name the directory as it was given, and the reason", (t) => {
  const dir = scratch(t);
  const missing = `${dir}/none/below`;
  const makers = [mayfly.mkdtempSync, mayfly.mkstempSync, mayfly.openTempSync];
  for (const make of makers) {
    assert.throws(() => make({ dir: missing }), {
      code: "ENOENT",
      path: missing,
      message: `cannot create temporary files in ${missing}: No such file or directory`,
    });
    withTmpdir(missing, () =>
      assert.throws(() => make(), {
        code: "ENOENT",
        message: `cannot create temporary files in ${missing} (from the environment variable TMPDIR): No such file or directory`,
      }),
    );
  }
  assert.throws(() => mayfly.mkdtempSync({ dir, prefix: "x".repeat(240) }), {
    code: "ENAMETOOLONG",
    message: `cannot create a temporary directory in ${dir}: File name too long`,
  });
});
