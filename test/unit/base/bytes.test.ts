import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  ancestors,
  type Bytes,
  basename,
  bytes,
  dirname,
  escapeForDisplay,
  fromBuffer,
  isBelow,
  isUtf8,
  join,
  normalize,
  toBuffer,
  toText,
} from "#src/base/bytes.js";

test("text and bytes are inverse on UTF-8", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => toText(bytes(text)) === text));
});

test("buffers and bytes are inverse on anything", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (raw) => {
      assert.deepEqual(new Uint8Array(toBuffer(fromBuffer(raw))), raw);
    }),
  );
});

test("escaped names have no control characters and stay distinct", () => {
  const name = fc.uint8Array({ maxLength: 12 }).map((raw) => fromBuffer(raw));
  fc.assert(
    fc.property(name, name, (a, b) => {
      assert.doesNotMatch(escapeForDisplay(a), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.equal(escapeForDisplay(a) === escapeForDisplay(b), a === b);
    }),
  );
});

test("ordinary names are shown unchanged", () => {
  assert.equal(escapeForDisplay(bytes("/tmp/naïve 雪")), "/tmp/naïve 雪");
  assert.equal(escapeForDisplay("/tmp/\xff\xfe" as Bytes), "/tmp/\\xff\\xfe");
  assert.equal(escapeForDisplay("a\nb\x1b[2J" as Bytes), "a\\nb\\x1b[2J");
  assert.equal(isUtf8("\xff" as Bytes), false);
});

test("join, dirname, basename and normalize", () => {
  const p = (text: string): Bytes => bytes(text);
  assert.equal(join(p("/"), p("a")), "/a");
  assert.equal(join(p("/root"), p("/a")), "/root/a");
  assert.equal(dirname(p("/a")), "/");
  assert.equal(dirname(p("/a/b")), "/a");
  assert.equal(basename(p("/a/b")), "b");
  assert.equal(normalize(p("//a/./b//c/")), "/a/b/c");
  assert.equal(normalize(p("///")), "/");
  assert.equal(isBelow(p("/ab"), p("/a")), false);
  assert.equal(isBelow(p("/a/b"), p("/a")), true);
  assert.equal(isBelow(p("/a"), p("/")), true);
});

test("dirname of many paths equals that of each", () => {
  const paths = fc.array(fc.string({ unit: fc.constantFrom("/", "a", "."), maxLength: 6 }).map(bytes));
  fc.assert(fc.property(paths, (all) => assert.deepEqual(all.map(ancestors()), all.map(dirname))));
});
