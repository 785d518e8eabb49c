/** `mayfly clean PATH... --older-than AGE`: cleaning by age without configuration. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mayfly, Scratch } from "./program.js";

const OLD = new Date("2020-01-01T00:00:00Z");
/** By modification time only: the other timestamps of a test's files are new. */
const BY_MTIME = ["--age-by", "mM"];

function old(path: string, content = ""): void {
  writeFileSync(path, content);
  utimesSync(path, OLD, OLD);
}

/** A directory with old files, a new one, and an old directory with an old file in it. */
function tree(name = "top"): { readonly scratch: Scratch; readonly top: string } {
  const scratch = new Scratch();
  const top = join(scratch.path, name);
  mkdirSync(join(top, "directory"), { recursive: true });
  for (const file of ["a", "b", "keep.1", "directory/c", "directory/keep.2"]) old(join(top, file));
  writeFileSync(join(top, "new"), "");
  utimesSync(join(top, "directory"), OLD, OLD);
  return { scratch, top };
}

test("removes what is older, and keeps the directory itself", () => {
  const { scratch, top } = tree();
  using _ = scratch;
  utimesSync(top, OLD, OLD);
  const dry = mayfly(["clean", top, "--older-than", "10d", ...BY_MTIME, "--dry-run"]);
  assert.equal(dry.status, 0);
  assert.match(dry.stdout, /Would remove 6 entries/);
  assert.equal(readdirSync(top).length, 5);
  const done = mayfly(["clean", top, "--older-than=10d", ...BY_MTIME]);
  assert.deepEqual({ status: done.status, stderr: done.stderr }, { status: 0, stderr: "" });
  assert.deepEqual(readdirSync(top), ["new"]);
});

test("by default, every timestamp counts, so new files are kept", () => {
  const { scratch, top } = tree();
  using _ = scratch;
  assert.match(mayfly(["clean", top, "--older-than", "1d"]).stdout, /^Nothing to do/);
  assert.equal(readdirSync(top).length, 5);
});

test("--exclude keeps what matches, relative to each path or absolute, and what is below it", () => {
  const { scratch, top } = tree();
  using _ = scratch;
  const args = ["--older-than", "1d", ...BY_MTIME, "--exclude", "keep*", "--exclude", join(top, "directory")];
  assert.equal(mayfly(["clean", top, ...args]).status, 0);
  assert.deepEqual(readdirSync(top).sort(), ["directory", "keep.1", "new"]);
  assert.deepEqual(readdirSync(join(top, "directory")).sort(), ["c", "keep.2"]);
});

test("--keep-first-level keeps the entries directly in the path", () => {
  const { scratch, top } = tree();
  using _ = scratch;
  mayfly(["clean", top, "--older-than", "1d", ...BY_MTIME, "--keep-first-level"]);
  assert.deepEqual(readdirSync(top).length, 5);
  assert.deepEqual(readdirSync(join(top, "directory")), []);
});

test("special characters in a path have no meaning", () => {
  for (const name of [
    "two words",
    "100%",
    "a[b]c",
    "{x,y}",
    'quo"te',
    "back\\slash",
    "star*",
    "-dash",
    " lead",
  ]) {
    const { scratch, top } = tree(name);
    using _ = scratch;
    const beside = join(scratch.path, "beside");
    mkdirSync(beside);
    old(join(beside, "old"));
    const { status, stderr } = mayfly([
      "clean",
      "--older-than",
      "1d",
      ...BY_MTIME,
      "--exclude",
      "keep?1",
      "--",
      top,
    ]);
    assert.deepEqual({ name, status, stderr }, { name, status: 0, stderr: "" });
    assert.deepEqual({ name, left: readdirSync(top).sort() }, { name, left: ["keep.1", "new"] });
    assert.ok(existsSync(join(beside, "old")));
  }
});

test("a relative path starts in the working directory, and a file is removed itself", () => {
  const { scratch, top } = tree();
  using _ = scratch;
  const args = ["clean", "a", "directory", "new", "--older-than", "1d", ...BY_MTIME];
  assert.equal(mayfly(args, { cwd: top }).status, 0);
  assert.deepEqual(readdirSync(top).sort(), ["b", "directory", "keep.1", "new"]);
  assert.deepEqual(readdirSync(join(top, "directory")), []);
});

test("--json has the events and the summary of a run", () => {
  const { scratch, top } = tree();
  using _ = scratch;
  const { stdout } = mayfly(["clean", top, "--older-than", "1d", ...BY_MTIME, "--json"]);
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(events.filter(({ type }) => type === "removed").length, 6);
  assert.equal(events.at(-1).type, "summary");
});

test("arguments that make no sense are refused", () => {
  const { scratch, top } = tree();
  using _ = scratch;
  const config = join(scratch.path, "app.conf");
  old(config, `d ${top} - - - 1d\n`);
  symlinkSync(top, join(scratch.path, "link"));
  const refused = (...args: string[]): string => {
    const { status, stdout, stderr } = mayfly(["clean", ...args]);
    assert.deepEqual({ args, status, stdout }, { args, status: 64, stdout: "" });
    return stderr;
  };
  for (const directory of ["/", "/etc", "/usr/lib", "/home", "/var", "/dev"]) {
    assert.match(refused(directory, "--older-than", "1d"), /system directory|cleans/);
  }
  assert.match(refused(config, "--older-than", "1d"), /looks like a configuration file/);
  assert.match(refused(join(scratch.path, "link"), "--older-than", "1d"), /is a symlink/);
  assert.match(refused("/nonexistent-path", "--older-than", "1d"), /does not exist/);
  assert.match(refused("", "--older-than", "1d"), /must not be empty/);
  assert.match(refused("--older-than", "1d"), /missing PATH/);
  assert.match(refused(top, "--older-than", "10parsecs"), /age/);
  assert.match(refused(top, "--older-than", "1d", "--age-by", "xyz"), /age-by|age by/);
  assert.match(
    refused(top, "--older-than", "1d", "--inline"),
    /'--older-than' and '--inline' cannot be combined/,
  );
  assert.match(
    refused(top, "--older-than", "1d", "--user"),
    /'--older-than' and '--user' cannot be combined/,
  );
  assert.match(refused(top, "--exclude", "x"), /option '--exclude' requires '--older-than'/);
  assert.match(refused(top), /is a directory, not a configuration file\. .*--older-than/);
  assert.equal(readdirSync(top).length, 5);
});
