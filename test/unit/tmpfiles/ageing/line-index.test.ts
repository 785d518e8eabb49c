import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, basename, bytes, dirname } from "#src/base/bytes.js";
import { fnmatch } from "#src/sys/fnmatch.js";
import { LineIndex } from "#src/tmpfiles/ageing/line-index.js";

const literal = fc.constantFrom("a", "b", "ab", "abc", ".a", "[", "é");
const wild = fc.constantFrom(
  "*",
  "?",
  "a*",
  "*b",
  "[ab]",
  "[!a]*",
  "\\a",
  "a*c",
  "[a",
  "[a/b]",
  "b\\",
  "*?",
  ".*",
);
const path = (component: fc.Arbitrary<string>) =>
  fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => bytes(`/${parts.join("/")}`));

const paths = fc.array(path(fc.oneof(literal, wild)), { maxLength: 6 });

/** The place of the first path from `from` on that matches. */
function firstMatch(
  all: readonly Bytes[],
  from: number,
  matches: (path: Bytes) => boolean,
): number | undefined {
  const found = all.findIndex((path, order) => order >= from && matches(path));
  return found < 0 ? undefined : found;
}

test("the index finds the same line as a linear search", () => {
  fc.assert(
    fc.property(paths, paths, fc.array(path(literal), { maxLength: 4 }), (written, patterns, entries) => {
      const all = [...written, ...patterns];
      const index = new LineIndex({ paths: all, exact: written.length });
      for (const entry of entries) {
        const below = index.below(dirname(entry));
        const own = written.indexOf(entry);
        assert.equal(below.own(basename(entry)), own < 0 ? undefined : own);
        const pattern = firstMatch(all, written.length, (path) => fnmatch(path, entry));
        assert.equal(below.pattern(basename(entry), dirname(entry)), pattern);
      }
    }),
    { numRuns: 2000 },
  );
});

test("below paths without lines the index is empty", () => {
  const index = new LineIndex({ paths: [bytes("/a"), bytes("/a/b*")], exact: 1 });
  assert.equal(index.below(bytes("/a")).isEmpty, false);
  assert.equal(index.below(bytes("/a/c")).isEmpty, true);
  assert.equal(index.below(bytes("/a/b")).isEmpty, true);
  assert.equal(index.below(bytes("/c")).isEmpty, true);
});
