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
function findByAsking(borrower: Item, lenders: readonly Item[]): Item | undefined {
  let found: Item | undefined;
  for (const lender of lenders) {
    const better =
      lender.path === borrower.path ||
      (found === undefined
        ? isBelow(borrower.path, lender.path)
        : isBelow(lender.path, found.path) && fnmatch(borrower.path, lender.path));
    if (better) found = lender;
  }
  return found;
}

const component = fc.constantFrom("a", "b", "ab", "*", "a*", "[ab]", "\\a", "?");
const path = fc.array(component, { maxLength: 3 }).map((parts) => `/${parts.join("/")}`);

test("the age source is the same as by a linear search", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 12 }), path, (written, borrowing) => {
      const lenders = written.map(at);
      const borrower = at(borrowing);
      assert.equal(new AgeInheritance(lenders).find(borrower), findByAsking(borrower, lenders));
    }),
    { numRuns: 3000 },
  );
});

test("names beyond ASCII inherit ages", () => {
  const lenders = ["/é", "/a/b", "/z/b", "/é/b"].map(at);
  assert.equal(new AgeInheritance(lenders).find(at("/é/*"))?.path, bytes("/é/b"));
});
