import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { COMMANDS } from "#src/cli/table.js";
import { generated, present } from "../../scripts/generate.js";
import { has, mayfly, mayflyOnTerminal, ROOT, Scratch, start } from "./program.js";

const names = Object.keys(COMMANDS);

test("man pages and completions are those of the tables: npm run generate", async () => {
  const wanted = await generated();
  const there = present();
  assert.deepEqual([...there.keys()].sort(), [...wanted.keys()].sort());
  for (const [name, text] of wanted)
    assert.equal(there.get(name), text, `${name} is stale: npm run generate`);
});

for (const name of names) {
  test(`${name} has a help with all of its options`, async () => {
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

test("the help has colours on a terminal, and none anywhere else", () => {
  const coloured = (result: { stdout: string }): boolean => result.stdout.includes("\x1b[");
  assert.equal(coloured(mayflyOnTerminal(["clean", "--help"])), true);
  assert.equal(coloured(mayflyOnTerminal(["clean", "--help"], { env: { NO_COLOR: "1" } })), false);
  assert.equal(coloured(mayflyOnTerminal(["clean", "--help"], { env: { TERM: "dumb" } })), false);
  assert.equal(coloured(mayfly(["clean", "--help"])), false);
});

test("a word that is no command gets a hint, and the status of a wrong command line", () => {
  assert.deepEqual(mayfly(["cleen"]), {
    status: 64,
    stdout: "",
    stderr: "mayfly: there is no command 'cleen'. Did you mean 'clean'?\n",
  });
  assert.match(mayfly(["xyzzy"]).stderr, /See mayfly --help/);
  assert.equal(mayfly([]).status, 64);
  assert.equal(mayfly(["clean", "--bogus"]).status, 64);
  assert.match(mayfly(["\x1b[31m"]).stderr, /'\\x1b\[31m'/);
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

const completion = (name: string): string => join(ROOT, "completions", name);
const without = (shell: string): string | false => (has(shell) ? false : `there is no ${shell}`);

test("bash completes commands, options, values and configuration", { skip: without("bash") }, () => {
  const complete = (...words: string[]): string[] => {
    const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mayfly; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { status, stdout, stderr } = start("bash", [
      "-c",
      script,
      completion("mayfly.bash"),
      "mayfly",
      ...words,
    ]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    return stdout.split("\n").filter((line) => line !== "");
  };
  assert.deepEqual(complete("cle"), ["clean"]);
  assert.deepEqual(complete("clean", "--dry"), ["--dry-run"]);
  assert.deepEqual(complete("tmpfiles", "--create", "--cat"), ["--cat-config"]);
  assert.deepEqual(complete("clean", "--root", "/us"), ["/usr"]);
  assert.deepEqual(complete("help", "pur"), ["purge"]);
  for (const name of names) assert.ok(complete("").includes(name));
});

test("zsh reads the completion", { skip: without("zsh") }, () => {
  using scratch = new Scratch();
  const script = `autoload -Uz compinit && compinit -D -d "$1/dump" && source "$0" && [[ $_comps[mayfly] == _mayfly ]]`;
  const read = start("zsh", ["-fc", script, completion("_mayfly"), scratch.path]);
  assert.deepEqual(read, { status: 0, stdout: "", stderr: "" });
});

test("fish completes commands, options and configuration", { skip: without("fish") }, () => {
  using scratch = new Scratch();
  const complete = (line: string): string[] => {
    const script = `source ${completion("mayfly.fish")}; complete -C '${line}'`;
    const done = start("fish", ["--no-config", "-c", script], { env: { HOME: scratch.path } });
    assert.deepEqual({ status: done.status, stderr: done.stderr }, { status: 0, stderr: "" });
    return done.stdout
      .split("\n")
      .map((row) => row.split("\t")[0] ?? "")
      .filter((word) => word !== "");
  };
  assert.deepEqual(complete("mayfly cle"), ["clean"]);
  assert.ok(complete("mayfly clean --dry").includes("--dry-run"));
  assert.ok(complete("mayfly tmpfiles --cat").includes("--cat-config"));
});
