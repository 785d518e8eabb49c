/** No line follows a symlink that an ordinary user planted in root's sticky directory, in any direction. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { NOBODY } from "../ordinary-user.js";
import { scratch } from "../scratch.js";
import { isRoot, mayfly, type Result } from "./program.js";

const skip = !isRoot && "needs root: the symlink's owner and the target's have to be two";
const LONG_AGO = new Date("2001-01-01");

/** A sticky directory, and next to it a directory that only root may access. */
interface Stage {
  readonly sticky: string;
  readonly victim: string;
}

function openStage(t: TestContext): Stage {
  const top = scratch(t, "/var/tmp");
  chmodSync(top, 0o755);
  const [sticky, victim] = [join(top, "sticky"), join(top, "victim")];
  mkdirSync(sticky);
  chmodSync(sticky, 0o1777);
  fill(victim);
  mkdirSync(join(top, "source"));
  writeFileSync(join(top, "source/file"), "");
  return { sticky, victim };
}

function fill(victim: string): void {
  rmSync(victim, { recursive: true, force: true });
  mkdirSync(join(victim, "dir"), { recursive: true });
  for (const name of ["file", "dir/in", "secret"]) writeFileSync(join(victim, name), "keep", { mode: 0o600 });
  for (const name of ["file", "dir/in", "secret", "dir", "."])
    utimesSync(join(victim, name), LONG_AGO, LONG_AGO);
}

/** All that a line could change in it. */
function look(victim: string): string {
  const seen: string[] = [];
  for (const name of ["", ...readdirSync(victim, { recursive: true })].map(String).sort()) {
    const path = join(victim, name);
    const { mode, uid, gid, size, ctimeMs, nlink } = lstatSync(path);
    seen.push([name, mode, uid, gid, size, ctimeMs, nlink].join(" "));
  }
  return seen.join("\n");
}

function plant({ sticky }: Stage, target: string, owner = NOBODY): string {
  const link = join(sticky, "app");
  rmSync(link, { force: true });
  symlinkSync(target, link);
  lchownSync(link, owner, owner);
  return link;
}

/** `@` is the symlink. Each line would act on its target. */
const LINES: readonly (readonly [operation: string, line: string])[] = [
  ["create", "f @/made 0644 root root - hi"],
  ["create", "f @/file 0666 65534 65534"],
  ["create", "f+ @/file - - - - changed"],
  ["create", "f= @/dir 0644 - - - x"],
  ["create", "F @/file - - - - changed"],
  ["create", "w @/file - - - - changed"],
  ["create", "w+ @/file - - - - changed"],
  ["create", "d @/made 0755 65534 65534"],
  ["create", "d @/dir 0777 65534 65534"],
  ["create", "d @/a/b/c"],
  ["create", "d= @/file/x"],
  ["create", "D @/dir 0777 65534 65534"],
  ["create", "v @/made 0755 65534 65534"],
  ["create", "q @/dir 0777 65534 65534"],
  ["create", "Q @/made 0755 65534 65534"],
  ["create", "e @ 0777 65534 65534"],
  ["create", "e @/d* 0777 65534 65534"],
  ["create", "p @/made 0644"],
  ["create", "p+ @/file 0644"],
  ["create", "c @/made 0666 - - - 1:3"],
  ["create", "b @/made 0666 - - - 7:0"],
  ["create", "L @/made - - - - /etc/passwd"],
  ["create", "L+ @/file - - - - /x"],
  ["create", "L? @/made - - - - /source"],
  ["create", "C @/made - - - - /source/file"],
  ["create", "C+ @/dir - - - - /source"],
  ["create", "z @/file 0666 65534 65534"],
  ["create", "z @/* 0666 65534 65534"],
  ["create", "Z @/dir 0777 65534 65534"],
  ["create", "Z */* 0777 65534 65534"],
  ["create", "t @/file - - - - user.x=y"],
  ["create", "T @/dir - - - - user.x=y"],
  ["create", "h @/file - - - - +d"],
  ["create", "H @/dir - - - - +d"],
  ["create", "a @/file - - - - u:65534:rwx"],
  ["create", "A+ @/dir - - - - u:65534:rwx"],
  ["create", "k @/file - - - - 13=p"],
  ["create", "K @/dir - - - - 13=p"],
  ["remove", "r @/file"],
  ["remove", "r @/f*"],
  ["remove", "R @/dir"],
  ["remove", "R @/dir/*"],
  ["remove", "D @/dir"],
  ["clean", "d @/dir - - - m:1d"],
  ["clean", "D @/dir - - - m:1d"],
  ["clean", "e @/dir - - - m:1d"],
  ["clean", "e @/d* - - - m:1d"],
  ["clean", "q @/dir - - - m:1d"],
  ["clean", "C @/dir - - - m:1d /source"],
  ["clean", "x @/dir - - - m:1d"],
  ["clean", "X @/d* - - - m:1d"],
  ["clean", "r @/file - - - m:1d"],
  ["clean", "R @/dir - - - m:1d"],
  ["purge", "d$ @/dir"],
  ["purge", "f$ @/file"],
  ["purge", "L$ @/file - - - - /x"],
];

const TARGETS = { relative: "../victim", absolute: "/victim" } as const;

for (const [kind, target] of Object.entries(TARGETS))
  for (const where of ["the host", "a root"] as const)
    test(`each kind of line stops at a planted ${kind} symlink, on ${where}`, { skip }, (t) => {
      const stage = openStage(t);
      const root = join(stage.sticky, "..");
      const inRoot = where === "a root";
      const link = plant(stage, kind === "absolute" && !inRoot ? stage.victim : target);
      for (const [operation, line] of LINES) {
        fill(stage.victim);
        const before = look(stage.victim);
        const named = inRoot ? link.slice(root.length) : link;
        const text = line
          .replace(" */*", ` ${named.slice(0, -3)}*/dir`)
          .replace("@", named)
          .replace(" /source", ` ${inRoot ? "" : root}/source`);
        const args = inRoot ? [`--root=${root}`] : [];
        const ran = mayfly(["tmpfiles", ...args, `--${operation}`, "--inline", text]);
        assert.equal(look(stage.victim), before, text);
        requireRefused(ran, text, link);
      }
    });

/** A pattern below the symlink matches nothing, which is not a failure. */
function requireRefused({ status, stderr }: Result, line: string, link: string): void {
  if (status === 0 && /app\/(\*|f\*|d\*)/.test(line)) return;
  assert.equal(status, 73, `${line}: ${stderr}`);
  assert.match(stderr, /detected unsafe path transition/, line);
  assert.ok(stderr.includes(`${link} (symlink, owned by uid ${NOBODY})`), stderr);
}

test("w writes through root's symlink as the last component, but not through a planted one", {
  skip,
}, (t) => {
  const stage = openStage(t);
  const target = join(stage.victim, "file");
  const write = (owner: number, to: string): Result =>
    mayfly(["tmpfiles", "--create", "--inline", `w ${plant(stage, to, owner)} - 65534 - - planted`]);
  for (const to of ["../victim/file", target]) {
    assert.equal(write(NOBODY, to).status, 73);
    assert.deepEqual([readFileSync(target, "utf8"), statSync(target).uid], ["keep", 0]);
  }
  assert.equal(write(0, "../victim/file").status, 0);
  assert.deepEqual([readFileSync(target, "utf8"), statSync(target).uid], ["planted", NOBODY]);
});

test("C does not copy from a planted symlink's target", { skip }, (t) => {
  const stage = openStage(t);
  const copy = join(stage.victim, "..", "copy");
  for (const target of [TARGETS.relative, stage.victim]) {
    const link = plant(stage, target);
    for (const source of ["secret", "dir"]) {
      const line = `C ${copy} 0644 65534 65534 - ${link}/${source}`;
      assert.equal(mayfly(["tmpfiles", "--create", "--inline", line]).status, 73, line);
      assert.ok(!existsSync(copy), line);
    }
  }
});

test("a stock pattern, X /tmp/systemd-private-*/tmp, does not age a planted symlink's target", {
  skip,
}, (t) => {
  const stage = openStage(t);
  mkdirSync(join(stage.victim, "tmp"));
  const old = join(stage.victim, "tmp/old");
  writeFileSync(old, "");
  utimesSync(old, LONG_AGO, LONG_AGO);
  symlinkSync("../victim", join(stage.sticky, "systemd-private-x"));
  lchownSync(join(stage.sticky, "systemd-private-x"), NOBODY, NOBODY);
  const lines = [`q ${stage.sticky} 1777 - - m:10d`, `X ${stage.sticky}/systemd-private-*/tmp - - - m:10d`];
  const { status, stderr } = mayfly(["tmpfiles", "--clean", "--inline", ...lines]);
  assert.ok(existsSync(old));
  assert.equal(status, 73);
  assert.match(stderr, /detected unsafe path transition/);
});

test("symlinks of root and of the directory's owner are followed", { skip }, (t) => {
  const stage = openStage(t);
  const home = join(stage.victim, "../home");
  mkdirSync(join(home, "data"), { recursive: true });
  symlinkSync("data", join(home, "link"));
  for (const path of [home, join(home, "data"), join(home, "link")]) lchownSync(path, NOBODY, NOBODY);
  for (const path of [`${plant(stage, "../victim", 0)}/made`, `${plant(stage, stage.victim, 0)}/more`]) {
    assert.equal(mayfly(["tmpfiles", "--create", "--inline", `d ${path}`]).status, 0);
  }
  assert.equal(mayfly(["tmpfiles", "--create", "--inline", `f ${home}/link/made - 65534`]).status, 0);
  assert.ok(existsSync(join(stage.victim, "more")) && existsSync(join(home, "data/made")));
});

test("no parent of a refused path is created", { skip }, (t) => {
  const stage = openStage(t);
  const home = join(stage.victim, "../home");
  mkdirSync(home);
  lchownSync(home, NOBODY, NOBODY);
  for (const line of [
    `d ${home}/a/b/c`,
    `f ${home}/a/b/c`,
    `C ${home}/a/b - - - - ${stage.sticky}`,
    `L ${home}/a/b - - - - x`,
  ]) {
    const { status, stderr } = mayfly(["tmpfiles", "--create", "--inline", line]);
    assert.equal(status, 73, line);
    assert.match(stderr, /detected unsafe path transition/);
    assert.deepEqual(readdirSync(home), [], line);
  }
});

test("the JSON of a refusal has its code, the path, the symlink and the fix", { skip }, (t) => {
  const stage = openStage(t);
  const link = plant(stage, "../victim");
  const file = join(stage.sticky, "../x.conf");
  writeFileSync(file, `d ${link}/x\n`);
  const { stdout } = mayfly(["create", "--json", file]);
  const failed = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .find(({ type }) => type === "failed");
  assert.equal(failed.error.code, "UNSAFE_TRANSITION");
  assert.equal(failed.path, `${link}/x`);
  assert.match(failed.error.message, /app \(symlink, owned by uid 65534\); .*remove it, or use the path/);
});
