import assert from "node:assert/strict";
import { appendFileSync, chmodSync, existsSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { reference } from "../reference.js";
import type { Case } from "./case.js";
import { compare, compareMany } from "./compare.js";
import { instrument } from "./instrument.js";
import { nothing, type Program, realProgram } from "./program.js";

const tools = instrument(reference());
const skip = "missing" in tools ? `no comparison: ${tools.missing}` : false;
const program = "missing" in tools ? nothing : realProgram(tools);
after(() => "remove" in tools && tools.remove());

test("two runs of 262 agree", { skip }, async () => {
  const count = Number(process.env.HARNESS_CASES ?? 40);
  const { failures } = await compareMany(
    Number(process.env.SEED ?? 7_000_000),
    count,
    program,
    program,
    () => undefined,
  );
  assert.deepEqual(
    failures.map((failure) => failure.text),
    [],
  );
});

const plainCase: Case = {
  entries: [
    { path: ["a"], kind: "directory", atimeAgo: 3_000_000, mtimeAgo: 3_000_000 },
    { path: ["a", "\xff"], kind: "file", content: "x", atimeAgo: 3_000_000, mtimeAgo: 3_000_000 },
    { path: ["b"], kind: "symlink", target: "a" },
  ],
  files: [{ name: "x.conf", place: "argument", lines: [{ raw: "d @/tree/new" }] }],
  operations: ["--create"],
  options: [],
  rooted: false,
  delivery: "files",
  clockDays: 0,
  disk: "/var/tmp",
  extra: [],
  unprivileged: false,
};

const sabotage: Readonly<Record<string, (tree: string) => void>> = {
  "a file's content": (tree) => appendFileSync(Buffer.from(`${tree}/a/\xff`, "latin1"), "y"),
  "a mode": (tree) => chmodSync(Buffer.from(`${tree}/a/\xff`, "latin1"), 0o600),
  "a directory's time that is not put back": (tree) => utimesSync(`${tree}/a`, new Date(), new Date()),
  "a file that is gone": (tree) => rmSync(Buffer.from(`${tree}/a/\xff`, "latin1")),
  "a file too many": (tree) => writeFileSync(`${tree}/a/more`, ""),
  "a missing symlink": (tree) => rmSync(`${tree}/b`),
};

for (const [what, alter] of Object.entries(sabotage))
  test(`the comparison sees ${what}`, { skip }, async () => {
    const alterer: Program = {
      name: "alterer",
      run: async (one, copy) => {
        const outcome = await program.run(one, copy);
        assert.ok(existsSync(`${copy.at}/tree/new`));
        alter(`${copy.at}/tree`);
        return outcome;
      },
    };
    const { differences } = await compare(plainCase, program, alterer);
    assert.ok(differences.length > 0);
  });

const isCopyA = (at: Buffer): boolean => at.toString("latin1").endsWith("/a");

test("the comparison excludes only cases in which two runs of 262 differ", {
  skip,
}, async () => {
  const cleaned: Case = { ...plainCase, operations: ["--create", "--clean"] };
  const one: Program = {
    name: "one that wavers",
    run: async (given, copy) => {
      const outcome = await program.run(given, copy);
      if (isCopyA(copy.at)) chmodSync(`${copy.at}/tree/a`, 0o701);
      return outcome;
    },
  };
  const asTheOther = await compare(cleaned, one, program);
  assert.deepEqual([asTheOther.differences, asTheOther.setAside], [[], true]);
  const wrong: Program = {
    name: "one that is wrong elsewhere",
    run: async (given, copy) => {
      const outcome = await program.run(given, copy);
      rmSync(`${copy.at}/tree/b`);
      return outcome;
    },
  };
  const { differences, setAside } = await compare(cleaned, one, wrong);
  assert.match(differences.join("\n"), /tree\/b"/);
  assert.doesNotMatch(differences.join("\n"), /tree\/a"/);
  assert.equal(setAside, false);
});
