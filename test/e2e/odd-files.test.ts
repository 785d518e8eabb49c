/** Files that are not regular, or have no end, are reported with the reason; no command waits for them or reads them into memory. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MAYFLY, mayfly, type Result, Scratch, start } from "./program.js";

function fifo(path: string): string {
  rmSync(path, { force: true });
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
  return path;
}

/** A sparse file of one gigabyte. */
function huge(path: string): string {
  writeFileSync(path, "");
  truncateSync(path, 1_000_000_000);
  return path;
}

const ODD = [
  { make: fifo, why: /is a FIFO, not a regular file/ },
  { make: huge, why: /has 1000000000 bytes; the limit is \d+ [KM]iB/ },
] as const;

/** All that the command says, on one stream or the other. */
const said = ({ stdout, stderr }: Result): string => stdout + stderr;

for (const { make, why } of ODD) {
  test(`configuration that ${make.name === "fifo" ? "is a FIFO" : "is endless"} is refused by each command`, () => {
    using scratch = new Scratch();
    const config = make(join(scratch.path, "t.conf"));
    for (const command of [
      ["tmpfiles", "--create", config],
      ["tmpfiles", "--clean", "--dry-run", config],
      ["create", config],
      ["clean", "--dry-run", config],
      ["clean", "--dry-run", "--json", config],
      ["remove", "--dry-run", config],
      ["purge", "--dry-run", config],
      ["check", config],
      ["explain", `--config=${config}`, "/x"],
      ["forecast", `--config=${config}`, scratch.path],
    ]) {
      const result = mayfly(command);
      assert.match(said(result), why, command.join(" "));
      assert.notEqual(result.status, 0, command.join(" "));
    }
  });

  test(`accounts, os-release and machine-id of a root: ${make.name === "fifo" ? "a FIFO" : "endless"}`, () => {
    for (const [file, line] of [
      ["passwd", "d /x - somebody"],
      ["group", "d /x - - somebody"],
      ["os-release", "d /%o"],
      ["machine-id", "d /%m"],
    ] as const) {
      using scratch = new Scratch();
      mkdirSync(join(scratch.path, "etc/tmpfiles.d"), { recursive: true });
      make(join(scratch.path, "etc", file));
      writeFileSync(join(scratch.path, "etc/tmpfiles.d/t.conf"), `${line}\n`);
      for (const command of ["create", "check"]) {
        const result = mayfly([command, `--root=${scratch.path}`]);
        assert.match(said(result), new RegExp(`t\\.conf:1\\b.*${why.source}`), `${command} with ${file}`);
      }
    }
  });

  test(`a credential that is ${make.name === "fifo" ? "a FIFO" : "endless"} is named`, () => {
    using scratch = new Scratch();
    make(join(scratch.path, "secret"));
    const env = { CREDENTIALS_DIRECTORY: scratch.path };
    const line = `f^ ${scratch.path}/x - - - - secret`;
    const result = mayfly(["create", "--dry-run", "--inline", line], { env });
    assert.match(result.stderr, why);
    make(join(scratch.path, "tmpfiles.extra"));
    assert.match(mayfly(["create", "--dry-run", "/dev/null"], { env }).stderr, why);
  });

  test(`an image that is ${make.name === "fifo" ? "a FIFO" : "endless"} is refused`, () => {
    using scratch = new Scratch();
    const image = make(join(scratch.path, "image"));
    for (const command of [["create"], ["tmpfiles", "--create"]]) {
      const { status, stderr } = mayfly([...command, "--dry-run", `--image=${image}`]);
      assert.equal(status, 1);
      assert.match(stderr, /image: /);
    }
  });

  test(`clean runs without an index that is ${make.name === "fifo" ? "a FIFO" : "endless"}`, () => {
    using scratch = new Scratch();
    const cache = join(scratch.path, "cache");
    mkdirSync(cache);
    make(join(cache, "index"));
    assert.deepEqual(cleanOld(scratch.path, cache), { status: 0, removed: "1" });
  });
}

/** Cleans a directory with one old file in it, and one that is not. */
function cleanOld(scratch: string, cache: string): { status: number | null; removed: string | undefined } {
  const directory = join(scratch, "aged");
  mkdirSync(join(directory, "below"), { recursive: true });
  for (const name of ["old", "below/new"]) writeFileSync(join(directory, name), "");
  for (const path of [join(directory, "old"), join(directory, "below"), directory]) utimesSync(path, 1, 1);
  const line = `d ${directory} - - - m:1d`;
  const { status, stdout } = mayfly(["clean", "--inline", line], { env: { CACHE_DIRECTORY: cache } });
  return { status, removed: /Removed (\d+) entr/.exec(stdout)?.[1] };
}

test("a directory instead of the index does not fail the run", () => {
  using scratch = new Scratch();
  mkdirSync(join(scratch.path, "cache/index"), { recursive: true });
  assert.deepEqual(cleanOld(scratch.path, join(scratch.path, "cache")), { status: 0, removed: "1" });
});

test("an index is never written through a symlink", () => {
  using scratch = new Scratch();
  const cache = join(scratch.path, "cache");
  mkdirSync(cache);
  writeFileSync(join(scratch.path, "victim"), "kept");
  symlinkSync(join(scratch.path, "victim"), join(cache, "index.new"));
  symlinkSync(join(scratch.path, "victim"), join(cache, "index"));
  assert.deepEqual(cleanOld(scratch.path, cache), { status: 0, removed: "1" });
  assert.equal(readFileSync(join(scratch.path, "victim"), "latin1"), "kept");
});

test("a file that is passed open may be a pipe, and /dev/null is an empty file", () => {
  const inPipe = (name: string): Result =>
    start("sh", ["-c", `echo 'y /x' | "$@" check ${name}`, "sh", process.execPath, MAYFLY]);
  for (const name of ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]) {
    const result = inPipe(name);
    assert.match(result.stdout, /unknown-type/, name);
  }
  assert.equal(mayfly(["check", "/dev/null"]).status, 0);
  assert.equal(mayfly(["tmpfiles", "--create", "/dev/null"]).status, 0);
});

test("reading an endless stream stops at the limit", () => {
  for (const name of ["-", "/dev/stdin"]) {
    const result = start("sh", ["-c", `exec "$@" check ${name} </dev/zero`, "sh", process.execPath, MAYFLY]);
    assert.match(said(result), /does not end; the limit is 64 MiB/, name);
    assert.notEqual(result.status, 0);
  }
  const device = mayfly(["tmpfiles", "--create", "/dev/zero"]);
  assert.deepEqual(device, {
    status: 1,
    stdout: "",
    stderr: "Failed to read '/dev/zero': is a character device, not a regular file\n",
  });
});
