/** Damaged sources never end an audit, and fingerprints survive edits elsewhere. CASES sets the number of damaged files. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Grammars } from "#src/audit/grammars.js";
import { analyzeSource, grammarsFor } from "#src/audit/source/analyze.js";
import type { Bytes } from "#src/base/bytes.js";
import { findingsOf } from "./sources.js";
import { VULNERABILITIES } from "./vulnerabilities.js";

const CASES = Number(process.env.CASES ?? 300);

/** A generator of pseudorandom numbers, so that a failure can be repeated. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One to four damages: bytes replaced, removed, repeated, or taken from another file. */
function damaged(text: string, other: string, random: (below: number) => number): string {
  let result = text;
  for (let turn = random(4); turn >= 0; turn--) {
    const at = random(result.length + 1);
    const to = Math.min(result.length, at + random(30));
    const replacement = [
      String.fromCharCode(random(256)),
      "",
      result.slice(at, to).repeat(1 + random(50)),
      other.slice(random(other.length)),
      "(".repeat(random(400)),
      "$" + "{",
    ][random(6)];
    result = result.slice(0, at) + replacement + result.slice(to);
  }
  return result;
}

test(`${CASES} damaged files: each is analyzed, none ends the audit`, async () => {
  const random = randomOf(Number(process.env.SEED ?? 1));
  const grammars = new Grammars();
  for (const { language } of VULNERABILITIES) await grammars.load(grammarsFor(language));
  for (let index = 0; index < CASES; index++) {
    const one = VULNERABILITIES[index % VULNERABILITIES.length];
    const other = VULNERABILITIES[random(VULNERABILITIES.length)];
    if (one === undefined || other === undefined) continue;
    const text = damaged(one.vulnerable, other.vulnerable, random);
    const source = { file: "x" as Bytes, language: one.language, text, constants: new Map() };
    const found = analyzeSource(source, grammars);
    assert.ok(Array.isArray(found), `${index}: ${String(found)}`);
  }
});

test("long chains of assignments and of texts take no exponential time", async () => {
  const chain = `${"a = ".repeat(60)}"/tmp/x"\nopen(a, "w")\n`;
  assert.equal((await findingsOf("python", chain)).length, 1);
  const doubled = `X=/tmp/x\n${'X="$X$X"\n'.repeat(40)}echo > "$X"\n`;
  assert.ok((await findingsOf("shell", doubled)).length <= 1);
  await findingsOf("python", `a = ${'"/tmp/x" + b + '.repeat(200)}c\nopen(a, "w")\n`);
});

test("100 of 100 edits elsewhere in a file leave its fingerprints alone", async () => {
  const random = randomOf(7);
  const finding = ['LOG="/tmp/app.$$"\n', 'echo start > "$LOG"\n', "touch /tmp/app.state\n"];
  const lines = Array.from({ length: 40 }, (_, index) => `echo ${index}\n`);
  lines.splice(10, 0, ...finding);
  const prints = async (text: string) =>
    (await findingsOf("shell", text)).map(({ fingerprint }) => fingerprint).sort();
  const before = await prints(lines.join(""));
  assert.equal(before.length, 2);
  for (let edit = 0; edit < 100; edit++) {
    const edited = [...lines];
    const at = random(edited.length);
    if (finding.includes(edited[at] ?? "")) edited.splice(at, 0, "echo inserted\n");
    else edited.splice(at, random(2), ["# comment\n", "echo other\n\n", "\n"][random(3)] ?? "");
    assert.deepEqual(await prints(edited.join("")), before);
  }
});
