import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { COMMANDS } from "#src/cli/table.js";
import { generated, present } from "../../scripts/generate.js";
import { has, mayfly, mayflyOnTerminal, ROOT, start } from "./program.js";

const names = Object.keys(COMMANDS);

test("man pages and completions match the tables (npm run generate)", async () => {
  const wanted = await generated();
  const there = present();
  assert.deepEqual([...there.keys()].sort(), [...wanted.keys()].sort());
  for (const [name, text] of wanted)
    assert.equal(there.get(name), text, `${name} is stale: npm run generate`);
});

for (const name of names) {
  test(`the help of ${name} lists all of its options`, async () => {
    const help = mayfly([name, "--help"]);
    assert.deepEqual({ ...help, stdout: "" }, { status: 0, stdout: "", stderr: "" });
    assert.match(help.stdout, new RegExp(`^Usage: mayfly ${name}`));
    const command = await COMMANDS[name]?.load();
    for (const option of command?.options.filter((each) => !each.hidden) ?? []) {
      assert.ok(
        help.stdout.includes(option.name === undefined ? `-${option.short}` : `--${option.name}`),
        option.name,
      );
    }
    assert.ok(
      help.stdout.split("\n").every((line) => line.length <= 100),
      "a line is wider than a person reads",
    );
    assert.equal(mayfly(["help", name]).stdout, help.stdout);
  });
}

test("every command is in the help of the program", () => {
  const { status, stdout } = mayfly(["--help"]);
  assert.equal(status, 0);
  for (const name of names) assert.match(stdout, new RegExp(`^  ${name} `, "m"));
});

test("the help has colours only on a terminal", () => {
  const coloured = (result: { stdout: string }): boolean => result.stdout.includes("\x1b[");
  assert.equal(coloured(mayflyOnTerminal(["clean", "--help"])), true);
  assert.equal(coloured(mayflyOnTerminal(["clean", "--help"], { env: { NO_COLOR: "1" } })), false);
  assert.equal(coloured(mayflyOnTerminal(["clean", "--help"], { env: { TERM: "dumb" } })), false);
  assert.equal(coloured(mayfly(["clean", "--help"])), false);
});

test("an unknown command gets a suggestion and status 64", () => {
  assert.deepEqual(mayfly(["cleen"]), {
    status: 64,
    stdout: "",
    stderr: "mayfly: unknown command 'cleen'. Did you mean 'clean'?\n",
  });
  assert.match(mayfly(["xyzzy"]).stderr, /See 'mayfly --help'/);
  assert.equal(mayfly([]).status, 64);
  assert.equal(mayfly(["clean", "--bogus"]).status, 64);
  assert.match(mayfly(["\x1b[31m"]).stderr, /'\\x1b\[31m'/);
});

test("the version is printed wherever it is asked for", () => {
  const { stdout } = mayfly(["--version"]);
  assert.match(stdout, /^mayfly \d+\.\d+\.\d+\n$/);
  for (const args of [["-V"], ["version"], ["clean", "--version"], ["run", "-V"]]) {
    assert.deepEqual(mayfly(args), { status: 0, stdout, stderr: "" });
  }
});

test("a mistyped option gets a suggestion", () => {
  const wrong = (...args: string[]): string => mayfly(args).stderr;
  assert.equal(
    wrong("clean", "--dryrun"),
    "mayfly clean: unrecognized option '--dryrun'. Did you mean '--dry-run'?\n",
  );
  assert.equal(
    wrong("clean", "--xyzzy"),
    "mayfly clean: unrecognized option '--xyzzy'. See 'mayfly clean --help'.\n",
  );
  assert.equal(
    wrong("--dry-run", "clean"),
    "mayfly: unrecognized option '--dry-run'. Options go after the command: 'mayfly clean --dry-run'.\n",
  );
  assert.equal(wrong("-x"), "mayfly: unrecognized option '-x'. See 'mayfly --help'.\n");
});

test("every man page lists exit statuses and files", () => {
  for (const [page, text] of present()) {
    if (!page.startsWith("man/")) continue;
    assert.match(text, /^\.SH "EXIT STATUS"$/m, page);
    assert.match(text, /^\.SH "FILES"$/m, page);
  }
});

test("an example in a man page can be typed as it is", async () => {
  for (const name of names) {
    const text = present().get(`man/mayfly-${name}.1`) ?? "";
    const typed = text.replace(/\\-/g, "-").replace(/\\e/g, "\\");
    for (const [line] of (await COMMANDS[name]?.load())?.examples ?? [])
      assert.ok(typed.includes(line), line);
  }
});

const groff = has("groff") ? false : "there is no groff";
const man = has("man") ? false : "there is no man";

for (const page of [...present().keys()].filter((name) => name.startsWith("man/"))) {
  test(`${page} is clean man(7)`, { skip: groff }, () => {
    const checked = start("groff", [
      "-man",
      "-Tutf8",
      "-ww",
      "-rCHECKSTYLE=2",
      "-z",
      "-K",
      "utf8",
      join(ROOT, page),
    ]);
    assert.deepEqual(checked, { status: 0, stdout: "", stderr: "" });
  });

  test(`man -l ${page} renders it`, { skip: man }, () => {
    const shown = start("man", ["--warnings", "-l", join(ROOT, page)], {
      env: { MANWIDTH: "100", MANPAGER: "cat" },
    });
    assert.deepEqual({ status: shown.status, stderr: shown.stderr }, { status: 0, stderr: "" });
    assert.match(shown.stdout, /NAME[\s\S]*SYNOPSIS[\s\S]*DESCRIPTION[\s\S]*SEE ALSO/);
  });
}
