/** V8's code cache: it is written on first use, used again, and read only from places where nobody else can write. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { MAYFLY, ROOT, Scratch, start } from "./program.js";

type CodeCache = {
  readCache(face: string, build: string, directory: string): { data: Buffer; commands: string[] } | undefined;
  writeCache(face: string, build: string, commands: readonly string[], data: Buffer, directory: string): void;
  cacheDirectory(environment: NodeJS.ProcessEnv, euid: number): string | undefined;
};
const { readCache, writeCache, cacheDirectory } = createRequire(import.meta.url)(
  join(ROOT, "bin/code-cache.js"),
) as CodeCache;

const DATA = Buffer.from("what V8 made");
const isRoot = process.geteuid?.() === 0;

function clean(directory: string, ...args: string[]) {
  return start(
    process.execPath,
    [MAYFLY, "tmpfiles", "--clean", "--inline", "e /nonexistent - - - 10d", ...args],
    {
      env: { PATH: process.env.PATH, CACHE_DIRECTORY: directory },
    },
  );
}

/** What a process of its own, without the test runner's flags, finds in the cache, and whether V8 takes it. */
function accepted(scratch: Scratch, directory: string): unknown {
  const script = `
    const { readCache } = require(${JSON.stringify(join(ROOT, "bin/code-cache.js"))});
    const filename = ${JSON.stringify(join(ROOT, "dist/bin/tmpfiles.cjs"))};
    const source = require("node:fs").readFileSync(filename, "latin1");
    const { data, commands } = readCache("tmpfiles", source.slice(2, 18), ${JSON.stringify(directory)}) ?? {};
    const rejected = new (require("node:vm").Script)(source, { filename, cachedData: data }).cachedDataRejected;
    console.log(JSON.stringify({ rejected, commands }));`;
  // From a file: with -e, the script would be one of the flags that a cache is for.
  const file = join(scratch.path, "accepted.cjs");
  writeFileSync(file, script);
  return JSON.parse(start(process.execPath, [file]).stdout);
}

/** A directory of the caller's own, of the kind that systemd's CacheDirectory= provides. */
function privateDirectory(scratch: Scratch): string {
  const directory = join(scratch.path, "cache");
  mkdirSync(directory, { mode: 0o700 });
  return directory;
}

test("the first run writes a cache, and V8 accepts it in the next", () => {
  using scratch = new Scratch();
  const directory = join(scratch.path, "cache");
  assert.deepEqual(clean(directory), { status: 0, stdout: "", stderr: "" });
  const [name = "", ...others] = readdirSync(directory);
  assert.deepEqual(others, []);
  assert.match(
    name,
    new RegExp(`^tmpfiles-[0-9a-f]{16}-v${process.versions.node}-${process.arch}-[0-9a-f]+\\.v8$`),
  );
  assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  const written = readFileSync(join(directory, name));
  assert.deepEqual(accepted(scratch, directory), { rejected: false, commands: ["--clean"] });
  clean(directory);
  assert.deepEqual(
    readFileSync(join(directory, name)),
    written,
    "a cache that has the command is not written again",
  );
});

test("a command that the cache does not have yet is added to it", () => {
  using scratch = new Scratch();
  const directory = privateDirectory(scratch);
  clean(directory);
  clean(directory, "--create");
  assert.deepEqual(accepted(scratch, directory), {
    rejected: false,
    commands: ["--clean", "--clean,--create"],
  });
});

test("an invalid cache is replaced", () => {
  using scratch = new Scratch();
  const directory = privateDirectory(scratch);
  clean(directory);
  const [name = ""] = readdirSync(directory);
  writeFileSync(join(directory, name), Buffer.alloc(4096, "x"));
  assert.deepEqual(clean(directory), { status: 0, stdout: "", stderr: "" });
  assert.match(readFileSync(join(directory, name), "latin1").slice(0, 256), /^--clean +$/);
});

const PLANTED: Readonly<Record<string, (directory: string, file: string, scratch: Scratch) => void>> = {
  "the directory is writable by a group": (directory) => chmodSync(directory, 0o770),
  "the directory is writable by everybody": (directory) => chmodSync(directory, 0o1777),
  "the file is writable by a group": (_, file) => chmodSync(file, 0o660),
  "a directory above can be changed by others": (_directory, _file, scratch) =>
    chmodSync(scratch.path, 0o777),
  "the file is a symlink": (_, file) => {
    renameSync(file, `${file}.moved`);
    symlinkSync(`${file}.moved`, file);
  },
  "the file is a FIFO": (_, file) => {
    renameSync(file, `${file}.moved`);
    execFileSync("mkfifo", ["-m", "600", file]);
  },
  "the file is a directory": (_, file) => {
    renameSync(file, `${file}.moved`);
    mkdirSync(file);
  },
  "the file is too short": (_, file) => writeFileSync(file, "x"),
  "the file has another name too": (_, file) => execFileSync("ln", [file, `${file}.linked`]),
};

for (const [why, plant] of Object.entries(PLANTED)) {
  test(`a cache is ignored if ${why}`, () => {
    using scratch = new Scratch();
    const directory = privateDirectory(scratch);
    writeCache("tmpfiles", "0123456789abcdef", ["--clean"], DATA, directory);
    assert.deepEqual(readCache("tmpfiles", "0123456789abcdef", directory), {
      data: DATA,
      commands: ["--clean"],
    });
    const [name = ""] = readdirSync(directory);
    plant(directory, join(directory, name), scratch);
    assert.equal(readCache("tmpfiles", "0123456789abcdef", directory), undefined);
    assert.equal(clean(directory).status, 0);
    chmodSync(scratch.path, 0o700);
  });
}

for (const [what, give] of Object.entries({
  file: (directory: string, name: string) => chownSync(join(directory, name), 65534, 65534),
  directory: (directory: string) => chownSync(directory, 65534, 65534),
})) {
  test(`a cache is ignored if somebody else owns the ${what}`, {
    skip: isRoot ? false : "needs root",
  }, () => {
    using scratch = new Scratch();
    const directory = privateDirectory(scratch);
    writeCache("tmpfiles", "0123456789abcdef", ["--clean"], DATA, directory);
    give(directory, readdirSync(directory)[0] ?? "");
    assert.equal(readCache("tmpfiles", "0123456789abcdef", directory), undefined);
  });
}

test("an unwritable cache causes no message", () => {
  using scratch = new Scratch();
  const file = join(scratch.path, "file");
  writeFileSync(file, "");
  assert.deepEqual(clean(join(file, "cache")), { status: 0, stdout: "", stderr: "" });
});

test("the newest caches of other builds are kept, and the oldest go", () => {
  using scratch = new Scratch();
  const directory = privateDirectory(scratch);
  for (let build = 0; build < 9; build++)
    writeCache("mayfly", `${build}`.repeat(16), ["clean"], DATA, directory);
  assert.equal(readdirSync(directory).length, 5);
  assert.ok(readCache("mayfly", "8".repeat(16), directory));
});

test("the cache belongs to whoever runs the program", () => {
  assert.equal(cacheDirectory({ HOME: "/root", XDG_CACHE_HOME: "/x" }, 0), "/var/cache/mayfly");
  assert.equal(cacheDirectory({ HOME: "/home/u" }, 1000), "/home/u/.cache/mayfly");
  assert.equal(cacheDirectory({ HOME: "/home/u", XDG_CACHE_HOME: "/x" }, 1000), "/x/mayfly");
  assert.equal(
    cacheDirectory({ HOME: "/home/u", XDG_CACHE_HOME: "relative" }, 1000),
    "/home/u/.cache/mayfly",
  );
  assert.equal(cacheDirectory({ CACHE_DIRECTORY: "/var/cache/a:/var/cache/b" }, 0), "/var/cache/a");
  assert.equal(cacheDirectory({}, 1000), undefined);
});
