import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MAYFLY, mayfly, mayflyOnTerminal, Scratch, start } from "./program.js";

/** Runs a shell command in which `$0` is node, `$1` the program and `$2` the directory: only a shell passes raw bytes. */
function shell(script: string, scratch: Scratch) {
  return start("bash", ["-c", script, process.execPath, MAYFLY, scratch.path]);
}

test("arguments are bytes: a path that is not UTF-8 is found, created and reported", () => {
  using scratch = new Scratch();
  const script = `raw=$(printf 'caf\\351\\377') && cd "$2" && mkdir "$raw" && echo "d $2/$raw/new" >"$raw/t.conf"
    "$0" "$1" create "$2/$raw/t.conf" && "$0" "$1" tmpfiles --create --inline "f $2/$raw/second" "$(printf 'f %s/\\376' "$2")"`;
  const { status, stderr } = shell(script, scratch);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  const name = Buffer.from("caf\xe9\xff", "latin1");
  const top = readdirSync(scratch.path, { encoding: "latin1" as BufferEncoding });
  assert.deepEqual(top.sort(), ["caf\xe9\xff", "\xfe"].sort());
  const inside = Buffer.concat([Buffer.from(`${scratch.path}/`), name]);
  assert.deepEqual(readdirSync(inside).sort(), ["new", "second", "t.conf"]);
});

test("a root and a working directory need not be UTF-8", () => {
  using scratch = new Scratch();
  const script = `raw=$(printf '\\377') && mkdir -p "$2/$raw/in" && cd "$2/$raw" &&
    "$0" "$1" tmpfiles --root=in --create --inline 'd /made' && ls in`;
  const { status, stdout, stderr } = shell(script, scratch);
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "made\n", stderr: "" });
});

test("the drop-in prints such a path to a pipe byte for byte", () => {
  using scratch = new Scratch();
  const script = `"$0" "$1" tmpfiles --create --dry-run --inline "$(printf 'd %s/\\377' "$2")"`;
  assert.equal(shell(script, scratch).stderr, `Would create directory ${scratch.path}/\xff\n`);
});

test("a blank at the end of a name is visible in what people read", () => {
  using scratch = new Scratch();
  const [file, line] = [`${scratch.path}/trailing  `, `d ${scratch.path} - - - 0`];
  writeFileSync(file, "");
  const removal = mayfly(["clean", "--dry-run", "-v", "--inline", line]);
  assert.match(removal.stdout, /would remove \S*\/trailing\\x20\\x20/);
  const config = join(scratch.path, "t.conf");
  writeFileSync(config, `${line}\n`);
  assert.match(mayfly(["explain", "--config", config, file]).stdout, /^\S*\/trailing\\x20\\x20 /);
});

test("configuration is read from standard input", () => {
  using scratch = new Scratch();
  const input = `d ${scratch.path}/one\n# not this\nd ${scratch.path}/two`;
  assert.deepEqual(mayfly(["tmpfiles", "--create", "-"], { input }), { status: 0, stdout: "", stderr: "" });
  assert.deepEqual(readdirSync(scratch.path).sort(), ["one", "two"]);
});

test("a pager shows the configuration on a terminal, by the rules of systemd-tmpfiles(8)", () => {
  using scratch = new Scratch();
  mkdirSync(join(scratch.path, "etc/tmpfiles.d"), { recursive: true });
  writeFileSync(join(scratch.path, "etc/tmpfiles.d/t.conf"), "d /x\t0755 \\x20 \x1b[31m\n");
  const cat = (env: NodeJS.ProcessEnv, ...args: string[]): string =>
    mayflyOnTerminal(["tmpfiles", "--tldr", `--root=${scratch.path}`, ...args], { env }).stdout;
  const plain = `# ${scratch.path}/etc/tmpfiles.d/t.conf\r\nd /x\t0755 \\x20 \\x1b[31m\r\n`;
  assert.equal(cat({}, "--no-pager"), plain);
  assert.equal(cat({ PAGER: "cat" }), plain);
  assert.equal(cat({ SYSTEMD_PAGER: "" }), plain);
  assert.match(
    cat({ SYSTEMD_PAGER: "sed s/^/paged:/", SYSTEMD_PAGERSECURE: "0" }),
    /^paged:# .*\r\npaged:d /,
  );
  // Without a word on whether it may be trusted, a pager of the user's choice is not run.
  assert.doesNotMatch(cat({ SYSTEMD_PAGER: "sed s/^/paged:/" }), /paged:/);
});
