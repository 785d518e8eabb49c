import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { readCleanerArguments } from "#src/inspect/watch/cleaner-arguments.js";

const read = (...words: string[]) => readCleanerArguments(words.map(bytes), false);

test("operations, selections and operands are read as getopt_long(3) reads them", () => {
  const call = read(
    "--rem",
    "--clean",
    "--boot",
    "-E",
    "--prefix",
    "/a",
    "--prefix=/b",
    "x.conf",
    "--",
    "-y",
  );
  assert.deepEqual(call.operations, ["remove", "clean"]);
  assert.deepEqual([call.boot, call.unknown], [true, undefined]);
  assert.deepEqual(call.prefixes, ["/a", "/b"]);
  assert.deepEqual(call.excludePrefixes, ["/dev", "/proc", "/run", "/sys"]);
  assert.deepEqual(call.args, ["x.conf", "-y"]);
  assert.equal(read("--clean", "--root=", "--root=/r").root, "/r");
});

test("Mayfly's commands are recognized as cleaners", () => {
  const call = readCleanerArguments(["clean", "-n", "--inline", "d /x"].map(bytes), true);
  assert.deepEqual([call.operations, call.inline, call.args], [["clean"], true, ["d /x"]]);
});

test("a command line that does not determine the configuration gives the reason", () => {
  assert.match(read("--clean", "-").unknown ?? "", /standard input/);
  assert.match(read("--clean", "/dev/fd/63").unknown ?? "", /open file/);
  assert.match(read("--clean", "./x.conf").unknown ?? "", /relative path/);
  assert.match(read("--clean", "--image=/x").unknown ?? "", /disk image/);
  assert.match(read("--clean", "--replace=/x.conf", "y").unknown ?? "", /--replace/);
  assert.match(read("--clean", "--new-option").unknown ?? "", /unknown option/);
});
