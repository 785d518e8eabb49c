/** The completions, typed into the real shells on a terminal. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { has, ROOT, Scratch, start } from "./program.js";

const FILE = "with  two spaces.conf";
/** Prints its arguments: the command line as the shell parsed it. */
const SHOW = "() { printf 'ran'; printf ' <%s>' \"$@\"; printf '\\n'; }";

/** The script completion runs in must not find the host's own. */
function prepare(scratch: Scratch): { readonly HOME: string; readonly PATH: string } {
  mkdirSync(join(scratch.path, "programs"));
  mkdirSync(join(scratch.path, "work/only-directory"), { recursive: true });
  writeFileSync(join(scratch.path, "work", FILE), "");
  writeFileSync(join(scratch.path, "work/only-file"), "");
  writeFileSync(join(scratch.path, "programs/quite-unique-program"), "#!/bin/sh\n", { mode: 0o755 });
  return { HOME: scratch.path, PATH: `${join(scratch.path, "programs")}:${process.env.PATH}` };
}

const SHELLS = {
  bash: {
    command: "bash --noprofile --norc -i",
    setup: (file: string) => `bind 'set enable-bracketed-paste off'; source ${file}`,
    completion: "completions/mayfly.bash",
  },
  zsh: {
    command: "zsh -f -i",
    setup: (file: string) => `unsetopt prompt_sp; autoload -Uz compinit; compinit -u -D; source ${file}`,
    completion: "completions/_mayfly",
  },
} as const;

/** Types each line into the shell, and returns the arguments of the program. */
function typed(shell: keyof typeof SHELLS, lines: readonly string[]): string[] {
  using scratch = new Scratch();
  const { command, setup, completion } = SHELLS[shell];
  const input = [
    `PS1='$ '; cd ${join(scratch.path, "work")}; ${setup(join(ROOT, completion))}`,
    `mayfly${SHOW}`,
    ...lines.map((line) => `mayfly ${line}`),
    "exit",
  ];
  const env = { ...prepare(scratch), TERM: "dumb", INPUTRC: "/dev/null" };
  const { stdout } = start("script", ["-qec", command, "/dev/null"], { env, input: `${input.join("\n")}\n` });
  const ran = stdout.split(/[\r\n]+/).filter((line) => line.startsWith("ran <"));
  // zsh takes the slash of a directory away again when the line ends there.
  return ran.map((line) => line.replaceAll("/>", ">"));
}

const EXPECTED: readonly (readonly [typed: string, ran: string])[] = [
  ["cle\t --dry\t", "ran <clean> <--dry-run>"],
  ["check ./wi\t", `ran <check> <./${FILE}>`],
  ["check wi\t", `ran <check> <${FILE}>`],
  ["clean --root on\t", "ran <clean> <--root> <only-directory>"],
  ["clean --root=on\t", "ran <clean> <--root=only-directory>"],
  ["run --mode disc\t true", "ran <run> <--mode> <disconnected> <true>"],
  ["run quite-un\t", "ran <run> <quite-unique-program>"],
  ["run -- quite-un\t wi\t", `ran <run> <--> <quite-unique-program> <${FILE}>`],
  ["run --mode connected quite-un\t", "ran <run> <--mode> <connected> <quite-unique-program>"],
  ["enter 1 quite-un\t", "ran <enter> <1> <quite-unique-program>"],
  ["enter 1 -- quite-un\t wi\t", `ran <enter> <1> <--> <quite-unique-program> <${FILE}>`],
  ["help pur\t", "ran <help> <purge>"],
];

for (const shell of ["bash", "zsh"] as const) {
  const missing = [shell, "script"].find((program) => !has(program));
  test(`${shell} completes what is typed`, { skip: missing && `there is no ${missing}` }, () => {
    assert.deepEqual(
      typed(
        shell,
        EXPECTED.map(([line]) => line),
      ),
      EXPECTED.map(([, ran]) => ran),
    );
  });
}

test("fish completes what is typed", { skip: has("fish") ? false : "there is no fish" }, () => {
  using scratch = new Scratch();
  const env = prepare(scratch);
  const complete = (line: string): string[] => {
    const script = `source ${join(ROOT, "completions/mayfly.fish")}; complete -C '${line}'`;
    const done = start("fish", ["--no-config", "-c", script], { env, cwd: join(scratch.path, "work") });
    assert.deepEqual({ status: done.status, stderr: done.stderr }, { status: 0, stderr: "" });
    return done.stdout
      .split("\n")
      .map((row) => row.split("\t")[0] ?? "")
      .filter((word) => word !== "");
  };
  assert.deepEqual(complete("mayfly cle"), ["clean"]);
  assert.deepEqual(complete("mayfly run --mode "), ["connected", "disconnected"]);
  assert.deepEqual(complete("mayfly explain --assume-version "), ["252", "262"]);
  assert.deepEqual(complete("mayfly clean --root on"), ["only-directory/"]);
  assert.deepEqual(complete("mayfly clean --prefix on"), ["only-directory/"]);
  assert.deepEqual(complete("mayfly clean --jobs "), []);
  assert.ok(complete("mayfly check wi").includes(FILE));
  assert.deepEqual(complete("mayfly run -- quite-un"), ["quite-unique-program"]);
  assert.deepEqual(complete("mayfly run quite-un"), ["quite-unique-program"]);
  assert.ok(complete("mayfly tmpfiles --cat").includes("--cat-config"));
});
