/** No control character of an argument or of the configuration reaches a terminal, whichever command prints it. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { COMMANDS } from "#src/cli/table.js";
import { LINE_TYPES } from "#src/tmpfiles/lines/index.js";
import { has, MAYFLY, Scratch, start } from "./program.js";

const skip = has("script") ? false : "script(1) is not installed";

/** Sets a title, clears the screen, turns red, moves about and writes from right to left; and bytes that are not UTF-8. */
const HOSTILE =
  Buffer.from("a\x1b]0;owned\x07\x1b[2J\r\x08\x7f\x0b\u009b31m\u202eb\u2066", "utf8").toString("latin1") +
  "\x9b\xff";

/**
 * How each command is called so that it can do no harm, whatever further operands and options it gets: what runs the
 * host's configuration only looks.
 */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  clean: ["--dry-run"],
  create: ["--dry-run"],
  remove: ["--dry-run"],
  purge: ["--dry-run"],
  check: [],
  audit: [],
  lsp: [],
  scratch: ["status"],
  tmpfiles: ["--dry-run", "--create", "--clean"],
  mktemp: [],
  "with-dir": [],
  run: [],
  ps: [],
  path: [],
  enter: [],
  reap: [],
  explain: [],
  forecast: [],
  report: ["--json"],
  top: [],
  watch: [],
  install: ["--dry-run"],
  uninstall: ["--dry-run"],
  serve: ["--once", "--no-state", "--at-start=none", "--inline", "x /nowhere"],
};

/** What a pty shows of one command line, which is ended after some seconds: some commands go on until they are. */
function screen(scratch: Scratch, args: readonly string[]): string {
  const quoted = ["timeout", "-s", "KILL", "20", process.execPath, MAYFLY, ...args].map(
    (arg) => `'${arg.replaceAll("'", "'\\''")}'`,
  );
  const file = join(scratch.path, "command");
  writeFileSync(file, `exec ${quoted.join(" ")}\n`, "latin1");
  const env = {
    TERM: "xterm-256color",
    TMPDIR: scratch.path,
    HOME: scratch.path,
    CACHE_DIRECTORY: scratch.path,
  };
  return start("script", ["-qec", `sh '${file}'`, "/dev/null"], { env, cwd: scratch.path }).stdout;
}

/** The terminal's own line ends, Mayfly's colours, and its erasing of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
const OWN = /\r+\n|\x1b\[(?:1;)?[0-9]{1,2}m|\r\x1b\[K|\^D\x08\x08/g;

function assertTame(shown: string, args: readonly string[]): void {
  const own = shown.replace(OWN, "\n");
  const text = Buffer.from(own, "latin1").toString("utf8");
  const wild = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/u.exec(text);
  const isUtf8 = Buffer.from(text, "utf8").toString("latin1") === own;
  assert.ok(wild === null && isUtf8, `${JSON.stringify(args)} shows ${JSON.stringify(text)}`);
}

for (const [name, { load }] of Object.entries(COMMANDS)) {
  test(`mayfly ${name} escapes its arguments in messages`, { skip }, async () => {
    using scratch = new Scratch();
    const harmless = HARMLESS[name];
    assert.ok(harmless !== undefined, `say in this test how to call ${name} without harm`);
    const call = (...args: string[]): void =>
      assertTame(screen(scratch, [name, ...harmless, ...args]), [name, ...args]);
    const { options } = await load();
    // Not alone: an interactive one would go on until it is ended.
    if (name !== "watch") call(HOSTILE);
    call(HOSTILE, `--nonsense${HOSTILE}`);
    call(`--help=${HOSTILE}`, HOSTILE);
    for (const option of options) {
      if (option.name === undefined || option.hidden === true) continue;
      if (option.value === undefined) call(`--${option.name}=${HOSTILE}`, HOSTILE);
      else if (name !== "watch" || option.choices !== undefined) call(`--${option.name}=${HOSTILE}`, HOSTILE);
    }
  });
}

test("an unknown command is printed escaped", { skip }, () => {
  using scratch = new Scratch();
  for (const args of [[HOSTILE], [`--${HOSTILE}`], ["help", HOSTILE], [`clea${HOSTILE}`]])
    assertTame(screen(scratch, args), args);
});

test("each command escapes the configuration in messages", { skip }, () => {
  using scratch = new Scratch();
  const path = join(scratch.path, "t.conf");
  const at = `${scratch.path}/made${HOSTILE}`.replaceAll("\r", "").replaceAll("\x0b", "");
  const arguments_ = [
    HOSTILE,
    `1:${HOSTILE}`,
    `+${HOSTILE}`,
    `user.a=${HOSTILE}`,
    `u:${HOSTILE}:rwx`,
    `cap_${HOSTILE}+ep`,
  ];
  const lines = Object.keys(LINE_TYPES).flatMap((letter) => [
    `${letter} ${at} ${HOSTILE}`,
    `${letter} ${at} - ${HOSTILE}`,
    `${letter} ${at} - - ${HOSTILE}`,
    `${letter} ${at} - - - ${HOSTILE}`,
    `${letter} ${at} - - - ${HOSTILE}:1d`,
    `${letter}${HOSTILE} ${at}`,
    `${letter} ${at}%${HOSTILE}`,
    ...arguments_.map((argument) => `${letter} ${at} - - - - ${argument}`),
    ...arguments_.map((argument) => `${letter}~^ ${at} - - - - ${argument}`),
  ]);
  mkdirSync(at);
  writeFileSync(join(at, "entry"), "");
  writeFileSync(path, `${HOSTILE}\n${HOSTILE} ${at}\n${lines.join("\n")}\n`, "latin1");
  for (const args of [
    ["check", path],
    ["check", "--json", path],
    ["create", "--dry-run", "--verbose", path],
    ["clean", "--dry-run", "--verbose", path],
    ["clean", "--dry-run", "--json", path],
    ["remove", "--dry-run", "--verbose", path],
    ["purge", "--dry-run", "--verbose", path],
    ["tmpfiles", "--create", "--clean", "--remove", "--dry-run", path],
    ["explain", `--config=${path}`, at],
    ["forecast", `--config=${path}`, scratch.path],
  ])
    assertTame(screen(scratch, args), args);
});
