/** Published vulnerabilities: each is found, and its fix is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rulesIn } from "./sources.js";
import { VULNERABILITIES } from "./vulnerabilities.js";

test("there are at least 14 published vulnerabilities", () => {
  assert.ok(new Set(VULNERABILITIES.map(({ cve }) => cve)).size >= 14);
});

for (const { cve, program, language, vulnerable, fixed } of VULNERABILITIES) {
  test(`${cve} (${program})`, async () => {
    assert.notDeepEqual(await rulesIn(language, vulnerable), [], "not found");
    assert.deepEqual(await rulesIn(language, fixed), [], "found in the fix");
  });
}
