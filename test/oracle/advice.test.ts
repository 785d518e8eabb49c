/**
 * The lines that explain advises have the effect that it describes, in the real systemd-tmpfiles 262 and in Mayfly, for random
 * names, below a root of their own.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { type Bytes, fromBuffer, toBuffer } from "#src/base/bytes.js";
import { shellQuoted } from "#src/base/shell-quote.js";
import { type Explanation, explainSync } from "#src/inspect/index.js";
import { systemClock } from "#src/sys/clock.js";
import { checkSync, runSync } from "#src/tmpfiles/index.js";
import { reference } from "../reference.js";
import { scratch } from "../scratch.js";
import { clockAhead } from "../unit/temp/ageing.js";

const home = scratch({ after });

const tools = reference();
const shim = clockAhead(home);
const skip = tools.missing ?? (shim === undefined ? "no C compiler for a clock of the cleaner's own" : false);

const DAYS_AHEAD = 20;
const AHEAD = BigInt(DAYS_AHEAD) * 86_400_000_000_000n;

const odd = fc.constantFrom(..." \t\n'\"\\`%[]*?{},!^-~$;&|<>()#=:@\x7f\x01\xff\xc3".split(""));
const plain = fc.constantFrom(..."abAB1.é".split(""));
const name = fc
  .array(fc.oneof(odd, plain), { minLength: 1, maxLength: 8 })
  .map((characters) => Buffer.from(characters.join(""), "latin1").toString("latin1"))
  .filter((text) => text !== "." && text !== "..");
const kind = fc.constantFrom("file", "directory", "symlink", "fifo");
const entry = fc.record({ name, kind, chosen: fc.boolean() });
const tree = fc.uniqueArray(entry, { minLength: 2, maxLength: 10, selector: (each) => each.name });
type Entry = typeof entry extends fc.Arbitrary<infer E> ? E : never;

let count = 0;

/** A root with `/tree` in it, made anew for each program. */
class Case implements Disposable {
  readonly root = join(home, `case-${count++}`);
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
    mkdirSync(join(this.root, "tree"), { recursive: true });
    for (const each of entries) this.#make(each);
  }

  #make(one: Entry): void {
    const path = this.at(one);
    if (one.kind === "file") writeFileSync(path, "");
    else if (one.kind === "symlink") symlinkSync("nowhere", path);
    else if (one.kind === "fifo") spawnSync("bash", { input: `mkfifo ${shellQuoted(fromBuffer(path))}` });
    else {
      mkdirSync(path);
      writeFileSync(Buffer.concat([path, Buffer.from("/inside")]), "");
    }
  }

  at({ name: text }: Entry): Buffer {
    return Buffer.from(`${this.root}/tree/${text}`, "latin1");
  }

  explain(line: string, asked = this.#entries.map((each) => this.at(each))): Explanation[] {
    const config = join(home, "asked.conf");
    writeFileSync(config, line.replace("/tree", `${this.root}/tree`));
    return explainSync(asked, { config: [config], at: systemClock.now() + AHEAD });
  }

  /** What is left in the tree. */
  left(): Set<string> {
    const list = (path: string): string[] => readdirSync(Buffer.from(path, "latin1"), { encoding: "latin1" });
    const top = `${this.root}/tree`;
    const inside = this.#entries.filter((one) => one.kind === "directory").map((one) => one.name);
    const names = list(top);
    return new Set([
      ...names,
      ...inside
        .filter((text) => names.includes(text))
        .flatMap((text) => list(`${top}/${text}`).map((below) => `${text}/${below}`)),
    ]);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The advised line of a type, as a line below the root. */
function advised({ advice }: Explanation, root: string, letters: string): Bytes | undefined {
  const lines = advice.flatMap((text) => [...text.matchAll(/add `([^`]*)`/g)].map(([, line]) => line ?? ""));
  assert.equal(lines.length <= 1, true, lines.join("\n"));
  const line = lines.find((each) => letters.includes(each.charAt(0)));
  return line === undefined ? undefined : fromBuffer(Buffer.from(line.replaceAll(root, ""), "utf8"));
}

const OPERATIONS = { clean: ["--clean"], boot: ["--remove", "--boot"] } as const;

function real(root: string, config: string, operation: keyof typeof OPERATIONS): void {
  const env = { ...process.env, LD_PRELOAD: shim, CLOCK_AHEAD_SECONDS: `${DAYS_AHEAD * 86_400}` };
  const { status, stderr } = spawnSync(
    tools.binary ?? "",
    [...OPERATIONS[operation], `--root=${root}`, config],
    {
      env,
      encoding: "utf8",
    },
  );
  assert.equal(status, 0, stderr);
}

function ours(root: string, config: string, operation: keyof typeof OPERATIONS): void {
  const clock = { now: () => systemClock.now() + AHEAD };
  const which =
    operation === "boot"
      ? ({ operations: ["remove"], boot: true } as const)
      : ({ operations: ["clean"] } as const);
  const options = { ...which, root: root as Bytes, args: [config as Bytes], clock, jobs: 1 };
  assert.equal(runSync(options, { wantsKept: false, report() {} }).exitStatus, 0);
}

/** The entries as `left` lists them; the directories in `emptied` without their contents. */
function listed(entries: readonly Entry[], emptied: readonly Entry[] = []): Set<string> {
  return new Set(
    entries.flatMap((one) =>
      one.kind === "directory" && !emptied.includes(one) ? [one.name, `${one.name}/inside`] : [one.name],
    ),
  );
}

/** Runs both programs with the lines, each on a copy of its own, and returns what each left. */
function outcomes(
  entries: readonly Entry[],
  lines: readonly Bytes[],
  operation: keyof typeof OPERATIONS,
): Set<string>[] {
  const config = join(home, "lines.conf");
  writeFileSync(config, toBuffer(`${lines.join("\n")}\n` as Bytes));
  return [real, ours].map((program) => {
    using copy = new Case(entries);
    program(copy.root, config, operation);
    return copy.left();
  });
}

function requireAcceptable(lines: readonly Bytes[]): void {
  if (lines.length === 0) return;
  const faults = checkSync({ args: lines, inline: true, mounts: [] });
  assert.deepEqual(
    faults.map(({ code, message }) => `${code}: ${message}`),
    [],
  );
}

const numRuns = Number(process.env.CASES ?? 60);

for (const [base, operation] of [
  ["d /tree - - - 10d", "clean"],
  ["D! /tree 0755", "boot"],
  ["R! /tree", "boot"],
] as const) {
  test(`the advised x line keeps exactly its path from ${base}`, { skip }, () => {
    fc.assert(
      fc.property(tree, (entries) => {
        using asked = new Case(entries);
        const lines: Bytes[] = [base as Bytes];
        const explained = asked.explain(base);
        for (const [index, one] of entries.entries()) {
          const line = advised(explained[index] as Explanation, asked.root, "x");
          assert.ok(line !== undefined, one.name);
          if (one.chosen) lines.push(line);
        }
        requireAcceptable(lines.slice(1));
        const kept = listed(entries.filter(({ chosen }) => chosen));
        if (kept.size === 0 && base.startsWith("R")) return;
        for (const left of outcomes(entries, lines, operation))
          assert.deepEqual(left, kept, lines.join("\n"));
      }),
      { numRuns },
    );
  });
}

test("the advised r line removes exactly its file, and the e line what lies in its directory", {
  skip,
}, () => {
  fc.assert(
    fc.property(tree, (entries) => {
      using asked = new Case(entries);
      const explained = asked.explain("d /elsewhere");
      const hidden = ({ name: text }: Entry): boolean => text.startsWith(".");
      const chosen = entries.filter((each) => each.chosen && !hidden(each));
      const lines = chosen.map((one) => {
        const letters = one.kind === "directory" ? "e" : "r";
        const line = advised(explained[entries.indexOf(one)] as Explanation, asked.root, letters);
        assert.ok(line !== undefined, one.name);
        return line;
      });
      requireAcceptable(lines);
      if (lines.length === 0) return;
      const isDirectory = (one: Entry): boolean => one.kind === "directory";
      const stays = entries.filter((one) => isDirectory(one) || !chosen.includes(one));
      const kept = listed(stays, chosen);
      for (const left of outcomes(entries, lines, "clean")) assert.deepEqual(left, kept, lines.join("\n"));
    }),
    { numRuns },
  );
});
