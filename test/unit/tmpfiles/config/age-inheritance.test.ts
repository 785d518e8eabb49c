import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytes, isBelow } from "#src/base/bytes.js";
import { fnmatch } from "#src/sys/fnmatch.js";
import { AgeInheritance } from "#src/tmpfiles/config/age-inheritance.js";
import type { Item } from "#src/tmpfiles/model/item.js";
import { makeItem } from "../hand-made.js";

const at = (path: string): Item => makeItem({ path, create: () => {} });

/** What 262 does: every line is asked in turn. */
function findByAsking(inheritor: Item, sources: readonly Item[]): Item | undefined {
  let found: Item | undefined;
  for (const source of sources) {
    const better =
      source.path === inheritor.path ||
      (found === undefined
        ? isBelow(inheritor.path, source.path)
        : isBelow(source.path, found.path) && fnmatch(inheritor.path, source.path));
    if (better) found = source;
  }
  return found;
}

const component = fc.constantFrom("a", "b", "ab", "*", "a*", "[ab]", "\\a", "?");
const path = fc.array(component, { maxLength: 3 }).map((parts) => `/${parts.join("/")}`);

test("the age source is the same as by a linear search", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 12 }), path, (written, borrowing) => {
      const sources = written.map(at);
      const inheritor = at(borrowing);
      assert.equal(new AgeInheritance(sources).find(inheritor), findByAsking(inheritor, sources));
    }),
    { numRuns: 3000 },
  );
});

test("names beyond ASCII inherit ages", () => {
  const sources = ["/é", "/a/b", "/z/b", "/é/b"].map(at);
  assert.equal(new AgeInheritance(sources).find(at("/é/*"))?.path, bytes("/é/b"));
});
