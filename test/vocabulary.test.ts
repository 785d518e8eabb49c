/** Words that stood for something that has a common name, and have no other use in this project. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

const project = resolve(import.meta.dirname, "../..");
const FOLDERS = ["src", "bin", "test", "bench", "scripts", "docs", ".github"];

/** Each with the common name. Identifiers are split into their words, so `newTally` counts as `tally`. */
const WORDS: Readonly<Record<string, string>> = {
  affixes: "wildcard index",
  complaint: "error",
  crew: "worker pool",
  deed: "action",
  ledger: "statistics, totals",
  lender: "source of an age",
  lenders: "sources of an age",
  lends: "has an age",
  namer: "process resolver",
  omission: "ignored line",
  onlooker: "observer",
  painter: "colors",
  parcel: "message",
  lens: "observer",
  sink: "output",
  surroundings: "environment",
  tallies: "counters",
  tally: "counters",
  traceless: "without changing timestamps",
  unfitness: "why unsafe",
  wish: "spec",
  witness: "process hint",
};

const OWN = "test/vocabulary.test.ts";

function filesIn(folder: string): string[] {
  return readdirSync(join(project, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|js|md|sh|c|yml)$/.test(name))
    .map((name) => join(folder, name));
}

/** The words of a line, those of identifiers too: `newTally`, `NEW_TALLY` and `new-tally` have two each. */
function wordsOf(line: string): string[] {
  return line
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
}

test("names, texts and comments use common terms", () => {
  const pages = readdirSync(project).filter((name) => name.endsWith(".md"));
  const files = [...pages, ...FOLDERS.flatMap(filesIn)].filter((file) => file !== OWN);
  const found = files.flatMap((file) =>
    readFileSync(join(project, file), "utf8")
      .split("\n")
      .flatMap((line, index) =>
        wordsOf(line)
          .filter((word) => Object.hasOwn(WORDS, word))
          .map((word) => `${file}:${index + 1}: "${word}": use ${WORDS[word]}`),
      ),
  );
  assert.deepEqual(found, []);
});
