/** forecast, as a person uses it: rows only for what happens, and errors for what can't be meant. */
import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mayfly, mayflyOnTerminal, type Result, Scratch } from "./program.js";

/** Files of certain ages in days, below a line that lets them be 30 days old. */
class Place extends Scratch {
  readonly tree = join(this.path, "tree");
  readonly config = join(this.path, "own.conf");

  constructor(ages: readonly number[]) {
    super();
    mkdirSync(this.tree);
    for (const [index, age] of ages.entries()) {
      const path = join(this.tree, `${index}`);
      writeFileSync(path, "x");
      const time = Date.now() / 1000 - age * 86_400 - 60;
      utimesSync(path, time, time);
    }
    writeFileSync(this.config, `e ${this.tree} - - - am:30d\n`);
  }

  forecast(...options: string[]): Result {
    return mayfly(["forecast", `--config=${this.config}`, ...options, this.tree]);
  }
}

const rowsOf = (text: string, label: RegExp): string[] => text.split("\n").filter((line) => label.test(line));

test("only days on which something is removed have a row", () => {
  using place = new Place([40, 25, 25, 22]);
  const { stdout, status } = place.forecast();
  assert.equal(status, 0);
  assert.match(stdout, /^DAY +ENTRIES/m);
  const rows = rowsOf(stdout, /^\d{4}-\d\d-\d\d {2}/);
  assert.deepEqual(
    rows.map((row) => row.split(/ +/)[1]),
    ["1", "2", "1"],
    stdout,
  );
  assert.match(stdout, /^4 entries, /m);
});

test("weeks beyond a month, and months beyond a year", () => {
  using place = new Place([0, 1, 29]);
  const weeks = place.forecast("--within=90d").stdout;
  assert.match(weeks, /^WEEK OF +ENTRIES/m);
  assert.equal(rowsOf(weeks, /^\d{4}-\d\d-\d\d {2}/).length <= 3, true, weeks);
  const months = place.forecast("--within=10y").stdout;
  assert.match(months, /^MONTH +ENTRIES/m);
  assert.equal(rowsOf(months, /^\d{4}-\d\d {2}/).length <= 3, true, months);
  assert.match(months, /^3 entries, /m);
});

test("a path that does not exist is an error, absolute or relative", () => {
  for (const path of ["/nonexistent", "relative/typo"]) {
    const { status, stderr, stdout } = mayfly(["forecast", path]);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`${path}: No such file or directory\n$`));
    assert.equal(stdout, "");
  }
  assert.equal(mayfly(["forecast", ""]).status, 64);
});

test("a span that is no span, or reaches too far, is an error", () => {
  for (const span of ["nonsense", "infinity", "200y"]) {
    const { status, stderr } = mayfly(["forecast", `--within=${span}`]);
    assert.equal(status, 64);
    assert.match(stderr, new RegExp(`at most 100 years, .*'${span}'`));
  }
});

test("without anything to remove there is no table", () => {
  using place = new Place([0]);
  assert.match(
    place.forecast("--within=1d").stdout,
    /Nothing will be removed until \d{4}-\d\d-\d\d \d\d:\d\d\.\n$/,
  );
  const { stdout } = mayflyOnTerminal(["forecast", `--config=${place.config}`, place.tree]);
  assert.match(stdout, /Nothing will be removed/);
});
