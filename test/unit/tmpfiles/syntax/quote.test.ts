import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { splitWords } from "#src/tmpfiles/syntax/lex.js";
import { quotedPath } from "#src/tmpfiles/syntax/quote.js";

const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
const path = fc.array(byte, { minLength: 1 }).map((characters) => `/${characters.join("")}` as Bytes);

test("a quoted path reads back as the bytes that it was made from", () => {
  fc.assert(
    fc.property(path, (original) => {
      const read = splitWords(`x ${quotedPath(original)} -` as Bytes, 3);
      assert.ok(Array.isArray(read));
      assert.equal(read[1]?.replaceAll("%%", "%"), original);
      assert.ok(!quotedPath(original).includes("\n"));
    }),
  );
});

test("a plain path stays as it is, but for its percent signs", () => {
  assert.equal(quotedPath(bytes("/run/a-b_c.d/*")), "/run/a-b_c.d/*");
  assert.equal(quotedPath(bytes("/a%b")), "/a%%b");
  assert.equal(quotedPath(bytes("/a b")), '"/a b"');
});
