import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, basename, bytes, parent } from "#src/base/bytes.js";
import { fnmatch } from "#src/sys/fnmatch.js";
import { type IndexedPath, LineIndex } from "#src/tmpfiles/ageing/line-index.js";

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

const paths = fc.array(fc.tuple(path(fc.oneof(literal, wild)), fc.boolean()), { maxLength: 12 });

function matchOf(lines: readonly IndexedPath[], entry: Bytes, glob: boolean): number | undefined {
  const isMatch = (line: IndexedPath) => (glob ? fnmatch(line.path, entry) : line.path === entry);
  return lines.find((line) => line.glob === glob && isMatch(line))?.order;
}

test("the index finds the line that asking all of them finds", () => {
  fc.assert(
    fc.property(paths, path(literal), (written, entry) => {
      const lines = written.map(([path, glob], order) => ({ path, glob, order }));
      const below = new LineIndex(lines).below(parent(entry));
      assert.equal(below.own(basename(entry)), matchOf(lines, entry, false));
      assert.equal(below.pattern(basename(entry), parent(entry)), matchOf(lines, entry, true));
    }),
    { numRuns: 2000 },
  );
});

test("where no line leads, there is nothing to ask", () => {
  const index = new LineIndex([{ path: bytes("/a/b*"), glob: true, order: 0 }]);
  assert.equal(index.below(bytes("/a")).isEmpty, false);
  assert.equal(index.below(bytes("/a/c")).isEmpty, true);
  assert.equal(index.below(bytes("/c")).isEmpty, true);
});
