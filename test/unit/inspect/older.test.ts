/** The differences of systemd 252. test/oracle/explain.test.ts compares them with the real one, if it is available. */
import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { explainSync, forecastSync } from "#src/inspect/index.js";
import { Fd, flock, LOCK_EX, O_DIRECTORY, O_RDONLY, openat } from "#src/sys/files.js";
import { scratch } from "../../scratch.js";

const YEAR = 365n * 86_400_000_000_000n;

interface ResolveContext {
  readonly top: string;
  readonly config: string;
  readonly file: string;
  readonly directory: string;
}

function context(t: TestContext, lines: (top: string) => readonly string[]): ResolveContext {
  const top = scratch(t);
  const directory = join(top, "old");
  const file = join(directory, "f");
  mkdirSync(directory);
  writeFileSync(file, "f");
  for (const path of [file, directory]) utimesSync(path, 1e9, 1e9);
  const config = join(scratch(t), "test.conf");
  writeFileSync(config, `${lines(top).join("\n")}\n`);
  return { top, config, file, directory };
}

/** What becomes of a path, as 262 and as 252. */
function verdicts({ config }: ResolveContext, path: string, at?: bigint): string[] {
  return ([262, 252] as const).map((version) => {
    const [reported] = explainSync([path], { config: [config], version, ...(at !== undefined && { at }) });
    const code = reported?.reasons[0]?.code;
    return `${reported?.verdict}${code === undefined ? "" : ` ${code}`}`;
  });
}

const AGED = (top: string): string => `d ${top} - - - mM:30d`;

test("252 ignores locks on files, and respects those on directories as 262 does", (t) => {
  const place = context(t, (top) => [AGED(top)]);
  {
    using held = openat(Fd.cwd, bytes(place.file), O_RDONLY);
    assert.equal(flock(held, LOCK_EX), true);
    assert.deepEqual(verdicts(place, place.file), ["keep locked", "remove"]);
  }
  using held = openat(Fd.cwd, bytes(place.directory), O_RDONLY | O_DIRECTORY);
  assert.equal(flock(held, LOCK_EX), true);
  assert.deepEqual(verdicts(place, place.file), ["keep locked", "keep locked"]);
});

test("in 252 X inherits the age, and uses the default timestamps", (t) => {
  const place = context(t, (top) => [AGED(top), `X ${top}/old`]);
  // Change and birth times are new; only the default age-by includes them.
  assert.deepEqual(verdicts(place, place.file), ["remove", "keep too-new"]);
  const later = BigInt(Date.now()) * 1_000_000n + YEAR;
  assert.deepEqual(verdicts(place, place.file, later), ["remove", "remove"]);
});

test("in 252 X uses its own age-by letters if it has any, and x keeps its path in both", (t) => {
  const own = context(t, (top) => [AGED(top), `X ${top}/old - - - m:10d`]);
  assert.deepEqual(verdicts(own, own.file), ["remove", "remove"]);
  const excluded = context(t, (top) => [AGED(top), `x ${top}/old`]);
  assert.deepEqual(verdicts(excluded, excluded.file), ["keep own-glob", "keep own-glob"]);
});

test("252 does not expand globs of x lines with an age", (t) => {
  const later = BigInt(Date.now()) * 1_000_000n + YEAR;
  const pattern = context(t, (top) => [`x ${top}/* - - - mM:30d`]);
  const [newer, older] = verdicts(pattern, pattern.file, later);
  assert.equal(newer, "remove");
  assert.match(`${older}`, /^keep/);
  const plain = context(t, (top) => [`x ${top}/old - - - mM:30d`]);
  assert.deepEqual(verdicts(plain, plain.file, later), ["remove", "remove"]);
});

for (const letter of ["r", "R"]) {
  test(`252 removes nothing by the age of ${letter}`, (t) => {
    const place = context(t, (top) => [`${letter} ${top}/old/f - - - mM:30d`]);
    const [newer, older] = verdicts(place, place.file);
    assert.equal(newer, "remove");
    assert.equal(older?.startsWith("keep"), true, older);
    const sum = (version: 252 | 262) =>
      forecastSync([], { config: [place.config], version, within: 0n }).entries;
    assert.deepEqual([sum(262), sum(252)], [1, 0]);
  });
}

const UNKNOWN: Readonly<Record<string, (top: string) => string>> = {
  "the modifier $": (top) => `d$ ${top}/old`,
  "the modifier ?": (top) => `L? ${top}/old - - - - /etc`,
  "lines of type k": (top) => `k ${top}/old - - - - cap_chown=ep`,
  "lines of type K": (top) => `K ${top}/ol[d] - - - - cap_chown=ep`,
};

for (const [what, line] of Object.entries(UNKNOWN)) {
  test(`252 does not know ${what}: such a line keeps nothing`, (t) => {
    const place = context(t, (top) => [AGED(top), line(top)]);
    const [newer, older] = verdicts(place, place.directory);
    assert.match(`${newer}`, /^keep own-/);
    assert.equal(older, "remove");
  });
}

test("252 forgets an argument where none belongs; 262 leaves the line out", (t) => {
  const place = context(t, (top) => [AGED(top), `x ${top}/old/f - - - - argument`]);
  const [newer, older] = verdicts(place, place.file);
  assert.equal(newer, "remove");
  assert.match(`${older}`, /^keep own-/);
});
