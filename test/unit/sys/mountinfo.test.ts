import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { failedWith } from "#src/base/errors.js";
import { mountAt, parseMountInfo, readMountInfo } from "#src/sys/mountinfo.js";

const path = (text: string): Bytes => bytes(text);

test("a line is read field by field, its bytes unescaped", () => {
  const text =
    "36 35 98:0 /mnt1/a\\040b /mnt\\0112\\134\xff rw,noatime shared:7 master:1 propagate_from:2 - ext3 /dev/ro\\043ot rw,errors=continue\n";
  assert.deepEqual(parseMountInfo(text as Bytes), [
    {
      id: 36,
      parentId: 35,
      deviceMajor: 98,
      deviceMinor: 0,
      root: "/mnt1/a b",
      point: "/mnt\t2\\\xff",
      options: ["rw", "noatime"],
      shared: 7,
      master: 1,
      type: "ext3",
      source: "/dev/ro#ot",
      superOptions: ["rw", "errors=continue"],
    },
  ]);
});

test("a dash as path or source, and an empty source, are not the separator", () => {
  const [dash, empty] = parseMountInfo(
    "2 1 0:3 / /- rw - tmpfs - rw\n3 1 0:4 / /b rw master:1 - tmpfs  rw\n" as Bytes,
  );
  assert.equal(dash?.point, "/-");
  assert.equal(dash?.source, "-");
  assert.equal(empty?.source, "");
  assert.equal(empty?.master, 1);
  assert.deepEqual(empty?.superOptions, ["rw"]);
});

test("invalid lines are skipped", () => {
  assert.deepEqual(parseMountInfo("\nnonsense\n1 2 3\n" as Bytes), []);
});

const line = (id: number, parent: number, point: string): string =>
  `${id} ${parent} 0:${id} / ${point} rw - tmpfs t${id} rw`;
const mounts = (...lines: string[]) => parseMountInfo(lines.join("\n") as Bytes);

test("parent ids decide which of two mounts on one point is on top, not the order of the lines", () => {
  const stacked = mounts(line(3, 2, "/tmp"), line(1, 0, "/"), line(2, 1, "/tmp"));
  assert.equal(mountAt(stacked, path("/tmp"))?.id, 3);
  assert.equal(mountAt(stacked, path("/tmp/a"))?.id, 3);
  assert.equal(mountAt(stacked, path("/tmpfile"))?.id, 1);
});

test("a mount under a later mount is not visible", () => {
  const covered = mounts(line(1, 0, "/"), line(2, 1, "/a"), line(3, 2, "/a/b"), line(4, 2, "/a"));
  assert.equal(mountAt(covered, path("/a/b"))?.id, 4);
});

test("the topmost root mount counts", () => {
  const roots = mounts(line(1, 1, "/"), line(2, 1, "/"), line(3, 2, "/tmp"), line(4, 1, "/tmp"));
  assert.equal(mountAt(roots, path("/tmp"))?.id, 3);
});

test("the mounts of this process include / and /proc", () => {
  const own = readMountInfo();
  assert.equal(mountAt(own, path("/proc"))?.type, "proc");
  assert.equal(mountAt(own, path("/"))?.point, "/");
});

test("a missing process is reported by its errno", () => {
  assert.throws(
    () => readMountInfo(0x3fffff),
    (error) => failedWith(error, "ENOENT"),
  );
});
