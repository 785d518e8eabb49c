import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cannotBeNobody } from "../ordinary-user.js";
import { reference } from "../reference.js";
import { MAYFLY, mayfly, type Result, Scratch, start } from "./program.js";

const real = reference();
const skip = real.missing ?? false;
const OLD = new Date("2020-01-01T00:00:00Z");

/** What scripts grep for. Debug-level lines about labels and temporary modes are 262's own business. */
const GREPPED =
  /^(Would (remove|create|truncate|copy|write|change|set|try)|Removing |Created (fifo|symlink|directory))/;

function theReal(args: readonly string[], settings: Parameters<typeof start>[2] = {}): Result {
  return start(real.binary ?? "", args, settings);
}

/** A tree with something for every kind of line, all of it old. */
function lay(top: string): void {
  for (const directory of ["a/sub/x", "a/lost+found", "b/c", "D/k", "glob1", "glob2", "empty", "src"]) {
    mkdirSync(join(top, directory), { recursive: true });
  }
  const files = [
    "a/f",
    "a/h",
    "a/sub/g",
    "a/sticky",
    "b/c/f",
    "r1",
    "r2",
    "D/k/f",
    "glob1/f",
    "glob2/f",
    "w",
    "src/y",
  ];
  for (const file of files) writeFileSync(join(top, file), "x");
  symlinkSync("/nonexistent", join(top, "link"));
  symlinkSync("a", join(top, "tolink"));
  writeFileSync(join(top, "a/odd \n\x1b[1m"), "");
  chmodSync(join(top, "a/sticky"), 0o1644);
  for (const path of ["a/f", "a/h", "a/sub/g", "a/sub/x", "a/sub", "a", "b", "D/k/f", "D/k", "src"]) {
    utimesSync(join(top, path), OLD, OLD);
  }
}

// In a dry run, 262 lists a path twice if two lines remove it, Mayfly once. So lines are compared as a set.
const CONFIGURATIONS: Readonly<
  Record<string, readonly [options: readonly string[], lines: readonly string[]]>
> = {
  ageing: [["--clean"], ["d /a - - - AmBM:0", "e /b - - - m:1d"]],
  "ageing with exclusions": [["--clean"], ["d /a - - - mM:1d", "x /a/sub", "r /a/f"]],
  "removal of files and links": [["--remove"], ["r /r1", "r /link", "r /nothing", "r /r*"]],
  "removal of trees": [["--remove"], ["R /r2", "R /empty", "R /tolink", "R /glob*", "R /b"]],
  emptying: [["--remove"], ["D /D", "D /glob1 - - - -"]],
  directories: [["--create"], ["d /new 0750", "d /a 0700", "q /sv", "v /sv2", "D /D 0700", "d /deep/er/est"]],
  files: [
    ["--create"],
    ["f /new - - - - text", "f /w - - - - text", "f+ /w - - - - other", "f+ /n2 - - - - other"],
  ],
  "links and pipes": [["--create"], ["L /l - - - - to", "L+ /r1 - - - - to", "p /p 0600"]],
  writing: [["--create"], ["w /w - - - - text", "w /nothing - - - - text", "w+ /r* - - - - more"]],
  "ACLs and capabilities": [
    ["--create"],
    ["a /w - - - - u:daemon:r", "a+ /b - - - - d:g:daemon:r-x", "k /r1 - - - - cap_chown=ep"],
  ],
  "what stands in the way": [["--create"], ["d= /r1", "f= /empty"]],
  purging: [["--purge"], ["d$ /src", "f$ /r1", "L$ /link", "d /b", "D$ /D"]],
  "all at once": [
    ["--clean", "--remove", "--create"],
    ["d /a - - - mM:1d", "r /r1", "f /r1 - - - - new", "D /D"],
  ],
};

for (const [what, [options, lines]] of Object.entries(CONFIGURATIONS)) {
  for (const [how, extra, env] of [
    ["tried", ["--dry-run"], {}],
    ["done", [], { SYSTEMD_LOG_LEVEL: "debug" }],
  ] as const) {
    test(`${what}, ${how}, prints the lines of 262`, { skip }, () => {
      const [theirs, ours] = [theReal, mayfly].map((program) => {
        using scratch = new Scratch();
        const root = join(scratch.path, "root");
        lay(root);
        const config = join(scratch.path, "t.conf");
        writeFileSync(config, `${lines.join("\n")}\n`);
        const args = [...options, ...extra, `--root=${root}`, config];
        const result = program(program === mayfly ? ["tmpfiles", ...args] : args, { env });
        const said = result.stderr.replaceAll(scratch.path, "").split("\n");
        return {
          status: result.status,
          stdout: result.stdout,
          said: [...new Set(said.filter((line) => GREPPED.test(line)))].sort(),
        };
      });
      assert.deepEqual(ours, theirs);
      assert.ok((theirs?.said.length ?? 0) > 0 || how === "done", "262 said nothing: the case is no case");
    });
  }
}

const REFUSED: readonly (readonly string[])[] = [
  [],
  ["--foo"],
  ["-x"],
  ["-nx"],
  ["-nE=x"],
  ["--c"],
  ["--re"],
  ["--im=/x"],
  ["--i", "--create"],
  ["--create=1"],
  ["--cre="],
  ["--prefix"],
  ["--ro"],
  ["--=x"],
  ["---"],
  ["--dry-run"],
  ["--boot"],
  ["--purge"],
  ["--purge", "--create"],
  ["--purge", "--cat-config"],
  ["--replace=foo", "--create", "a"],
  ["--replace=/x", "--create", "a"],
  ["--replace=/a/b.conf/", "--create", "a"],
  ["--replace=/x.conf", "--create"],
  ["--replace=/x.conf", "--cat-config"],
  ["--replace=/x.conf", "--cat-config", "--inline"],
  ["--replace=/x.conf", "--user", "--root=/tmp", "--create"],
  ["--inline", "--tldr"],
  ["--user", "--root=/tmp", "--create"],
  ["--user", "--root=/tmp", "--image=/x", "--create"],
  ["--image=/nonexistent", "--root=/tmp", "--create"],
  ["--image=/nonexistent", "--create"],
  ["--image-policy=foo", "--create"],
  ["--image-policy=foo=verity", "--create"],
  ["--image-policy=root=verity+foo", "--create"],
  ["--image-policy=root=verity:root=verity", "--create"],
  ["t.conf", "--", "--create"],
];

for (const args of REFUSED) {
  test(`refuses as 262 does: ${args.join(" ") || "no arguments"}`, { skip }, () => {
    using scratch = new Scratch();
    const link = join(scratch.path, "systemd-tmpfiles");
    symlinkSync(MAYFLY, link);
    const theirs = theReal(args);
    const ours = start(link, args);
    assert.equal(theirs.status, 1);
    assert.deepEqual(ours, theirs);
  });
}

test("accepts what 262 accepts: abbreviations, values apart, bundles, any order", { skip }, () => {
  using scratch = new Scratch();
  const config = join(scratch.path, "t.conf");
  writeFileSync(config, `d ${scratch.path}/x/new\nd /run/mayfly-never\n`);
  const lines: readonly (readonly string[])[] = [
    ["--cre", "-nE", config],
    [config, "--dry", "--create"],
    ["--create", "-n", "--pref", `${scratch.path}/x`, config],
    ["--create", "-n", `--prefix=${scratch.path}/other`, config],
    ["--create", "-n", `--exclude=${scratch.path}`, config],
    ["-En", "--create", "--", config],
    ["--create", "-n", "--root=", "--prefix=", config],
    ["--create", "-n", "--inline", `d ${scratch.path}/inline`],
  ];
  for (const args of lines) {
    const { status, stderr } = mayfly(["tmpfiles", ...args]);
    const theirs = theReal(args);
    assert.deepEqual({ args, status, stderr }, { args, status: theirs.status, stderr: theirs.stderr });
  }
});

test("prints the configuration as 262 prints it", { skip }, () => {
  using scratch = new Scratch();
  const root = scratch.path;
  for (const folder of ["etc/tmpfiles.d", "usr/lib/tmpfiles.d"])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc/tmpfiles.d/a.conf"), "# c\nd /x\n\n   # indented\n; semi\nd /y");
  writeFileSync(join(root, "etc/tmpfiles.d/empty.conf"), "");
  symlinkSync("/dev/null", join(root, "etc/tmpfiles.d/masked.conf"));
  writeFileSync(join(root, "usr/lib/tmpfiles.d/masked.conf"), "d /hidden\n");
  writeFileSync(join(root, "usr/lib/tmpfiles.d/a.conf"), "d /lower\n");
  writeFileSync(
    join(root, "usr/lib/tmpfiles.d/z.conf"),
    Buffer.from("\n\nd /q\n\xff\n#x\\\nfoo\n\n", "latin1"),
  );
  writeFileSync(join(root, "etc/tmpfiles.d/crlf.conf"), "# c\r\nd /x \r\n\r\n\\\r\nd /y\rd /z");
  mkdirSync(join(root, "linked"));
  mkdirSync(join(root, "run"));
  symlinkSync("../linked", join(root, "run/tmpfiles.d"));
  writeFileSync(join(root, "linked/b.conf"), "d /b\n");
  symlinkSync("b.conf", join(root, "linked/c.conf"));
  for (const option of ["--cat-config", "--tldr"]) {
    assert.deepEqual(mayfly(["tmpfiles", option, `--root=${root}`]), theReal([option, `--root=${root}`]));
    assert.deepEqual(mayfly(["tmpfiles", option, "--no-pager"]), theReal([option, "--no-pager"]));
  }
});

test("--replace accepts any spelling of the path, as with 262", { skip }, () => {
  for (const path of [
    "/usr/lib/tmpfiles.d/a.conf",
    "/lib/tmpfiles.d/a.conf",
    "/usr/../usr/lib/tmpfiles.d/a.conf",
  ]) {
    const [theirs, ours] = [theReal, mayfly].map((program) => {
      using scratch = new Scratch();
      const root = scratch.path;
      mkdirSync(join(root, "usr/lib/tmpfiles.d"), { recursive: true });
      symlinkSync("usr/lib", join(root, "lib"));
      writeFileSync(join(root, "usr/lib/tmpfiles.d/a.conf"), "d /old\n");
      const args = ["--create", `--root=${root}`, "--inline", `--replace=${path}`, "d /new"];
      const { status } = program(program === mayfly ? ["tmpfiles", ...args] : args);
      return { status, made: ["old", "new"].filter((name) => existsSync(join(root, name))) };
    });
    assert.deepEqual(ours, theirs, path);
    assert.deepEqual(ours?.made, ["new"]);
  }
});

test("a missing home directory is reported and nothing is done, as with 262", {
  skip: skip || cannotBeNobody,
}, () => {
  using scratch = new Scratch();
  chmodSync(scratch.path, 0o777);
  const readable = join(scratch.path, "systemd-tmpfiles");
  copyFileSync(real.binary ?? "", readable);
  const lines = [`d ${scratch.path}/first`, `f ${scratch.path}/c - - - - %C`];
  const as = ["--reuid=4321", "--regid=4321", "--clear-groups", "env", "-u", "HOME"];
  for (const program of [[readable], [process.execPath, MAYFLY, "tmpfiles"]]) {
    const { status } = start("setpriv", [...as, ...program, "--user", "--create", "--inline", ...lines]);
    assert.equal(status, 1);
  }
  assert.equal(existsSync(join(scratch.path, "first")), false);
});

test("exit statuses distinguish invalid configuration from failures as with 262", { skip }, () => {
  using scratch = new Scratch();
  const file = join(scratch.path, "file");
  writeFileSync(file, "");
  const status = (...lines: string[]): (number | null)[] =>
    [theReal, mayfly].map((program) => {
      const args = ["--create", "--inline", ...lines];
      return program(program === mayfly ? ["tmpfiles", ...args] : args).status;
    });
  assert.deepEqual(status(`f ${scratch.path}/ok`), [0, 0]);
  assert.deepEqual(status(`y ${scratch.path}/x`), [65, 65]);
  assert.deepEqual(status(`f ${file}/below`), [73, 73]);
  assert.deepEqual(status(`f- ${file}/below`), [0, 0]);
  assert.deepEqual(status(`y ${scratch.path}/x`, `f ${file}/below`), [65, 65]);
  for (const missing of ["/nonexistent/t.conf", "mayfly-nonexistent.conf"]) {
    assert.deepEqual(
      [theReal(["--create", missing]).status, mayfly(["tmpfiles", "--create", missing]).status],
      [1, 1],
    );
  }
});

test("does nothing if $SYSTEMD_TMPFILES_BYPASS is set, as 262 does", { skip }, () => {
  for (const value of ["1", "Yes", "on", "0", "no", "", "2", "maybe"]) {
    const settings = { env: { SYSTEMD_TMPFILES_BYPASS: value } };
    const args = ["--dry-run", "--create", "--inline", "d /nowhere/at/all"];
    const said = (result: Result): boolean => /Would create/.test(result.stdout + result.stderr);
    assert.equal(said(mayfly(["tmpfiles", ...args], settings)), said(theReal(args, settings)), value);
  }
});

test("an unreadable directory of a line without an age is a failure only in the drop-in", {
  skip: skip || cannotBeNobody,
}, () => {
  using scratch = new Scratch();
  chmodSync(scratch.path, 0o755);
  mkdirSync(join(scratch.path, "private"), { mode: 0o700 });
  const binary = join(scratch.path, "reference");
  copyFileSync(real.binary ?? "", binary);
  const line = `d ${scratch.path}/private`;
  const asNobody = (...command: string[]): number | null =>
    start("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", ...command, "--inline", line])
      .status;
  assert.equal(asNobody(binary, "--clean"), 73);
  assert.equal(asNobody(process.execPath, MAYFLY, "tmpfiles", "--clean"), 73);
  assert.equal(asNobody(process.execPath, MAYFLY, "clean"), 0);
});

test("a missing root, or one that is not a directory, is refused as with 262", { skip }, () => {
  for (const root of ["/nonexistent", "/etc/passwd"]) {
    for (const args of [["--create", "-n"], ["--clean"], ["--cat-config"]]) {
      const [theirs, ours] = [
        theReal([`--root=${root}`, ...args]),
        mayfly(["tmpfiles", `--root=${root}`, ...args]),
      ];
      assert.equal(theirs.status, 1);
      assert.deepEqual([ours.status, ours.stdout], [theirs.status, theirs.stdout]);
      assert.match(ours.stderr, new RegExp(`^Failed to open root directory '${root}': .*\n$`));
    }
  }
});

test("an invalid line is reported as FILE:LINE, and the others run", { skip }, () => {
  using scratch = new Scratch();
  const config = join(scratch.path, "bad.conf");
  const lines = [
    "y /foo",
    "d",
    "d foo",
    "d /x 0999",
    "d /x - - - xx",
    'f "open',
    "d /%Q",
    "d /y - - - - extra",
  ];
  writeFileSync(config, `${lines.join("\n")}\nd ${scratch.path}/good\n`);
  const places = ({ stderr }: Result): string[] =>
    [...stderr.matchAll(/^[^:\n]*:\d+: /gm)].map((match) => match[0]);
  const theirs = theReal(["--create", "-n", config]);
  const ours = mayfly(["tmpfiles", "--create", "-n", config]);
  assert.equal(places(theirs).length, lines.length);
  assert.deepEqual(places(ours), places(theirs));
  assert.equal(ours.status, theirs.status);
  assert.match(ours.stderr, new RegExp(`^Would create directory ${scratch.path}/good$`, "m"));
});

test("an inode of the wrong type is reported at the level that 262 uses", { skip }, () => {
  using scratch = new Scratch();
  const at = (name: string): string => join(scratch.path, name);
  writeFileSync(at("file"), "");
  mkdirSync(at("directory"));
  symlinkSync("file", at("link"));
  const lines = ["d", "D", "v", "q", "Q", "e", "p", "f", "L"].flatMap((letter) =>
    ["file", "directory", "link"].map((name) => `${letter} ${at(name)}${letter === "L" ? " - - - - x" : ""}`),
  );
  for (const line of lines) {
    const args = ["--create", "--inline", line];
    const [theirs, ours] = [theReal(args), mayfly(["tmpfiles", ...args])];
    const reported = ({ status, stderr }: Result) => ({ line, status, lines: stderr.split("\n").length - 1 });
    assert.deepEqual(reported(ours), reported(theirs));
  }
  const said = `warning: ${at("file")}: exists and is not a directory [(argument):1]\n`;
  assert.equal(mayfly(["create", "--inline", `d ${at("file")}`]).stderr, said);
});

test("of the specifiers without a value only the first is reported, as in 262", () => {
  const run = (level: string): string =>
    mayfly(["tmpfiles", "--user", "--create", "--dry-run", "--inline", "d %t/a", "d %t/b"], {
      env: { SYSTEMD_LOG_LEVEL: level },
    }).stderr;
  const at = (line: number): string =>
    `(argument):${line}: Failed to resolve specifier: Required $XDG_... variable not defined, skipping.\n`;
  const all = "All rules containing unresolvable specifiers will be skipped.\n";
  assert.equal(run("info"), `${at(1)}${all}`);
  assert.equal(run("notice"), `${at(1)}${all}`);
  assert.equal(run("warning"), "");
  assert.ok(run("debug").includes(`${at(1)}${all}${at(2)}`));
});
