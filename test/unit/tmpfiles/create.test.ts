import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { getCapabilities } from "#src/sys/capabilities.js";
import { Fd, O_PATH, openat } from "#src/sys/files.js";
import { adjust } from "#src/tmpfiles/lines/adjust.js";
import { applyCapabilities, parseCapabilities } from "#src/tmpfiles/lines/capabilities.js";
import { createDirectory } from "#src/tmpfiles/lines/directories.js";
import { createFile, writeFile } from "#src/tmpfiles/lines/files.js";
import { createSymlink } from "#src/tmpfiles/lines/nodes.js";
import { onPath, onTree } from "#src/tmpfiles/lines/over-tree.js";
import { createItem } from "#src/tmpfiles/run/create.js";
import { cannotBeNobody, NOBODY, PROGRAM } from "../../ordinary-user.js";
import { scratch } from "../../scratch.js";
import { makeItem, makeRun } from "./hand-made.js";

const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;

test("a file is made with its parents, whatever the umask", (t) => {
  const dir = scratch(t);
  const run = makeRun();
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  createItem(run, makeItem({ create: createFile, path: `${dir}/a/b/c`, content: "x", mode: 0o666 }));
  assert.equal(readFileSync(`${dir}/a/b/c`, "utf8"), "x");
  assert.equal(modeOf(`${dir}/a/b/c`), 0o666);
  assert.equal(modeOf(`${dir}/a/b`), 0o755);
  assert.deepEqual(
    run.events.map((event) => event.type === "created" && [event.kind, event.outcome, event.implicit]),
    [["directory", "new", true], ["directory", "new", true], ["file", "new", undefined], false],
  );
});

test("f keeps what is there, f+ empties it", (t) => {
  const path = `${scratch(t)}/f`;
  writeFileSync(path, "old");
  createItem(makeRun(), makeItem({ create: createFile, path, content: "new" }));
  assert.equal(readFileSync(path, "utf8"), "old");
  createItem(makeRun(), makeItem({ create: createFile, path, content: "n", modifiers: { force: true } }));
  assert.equal(readFileSync(path, "utf8"), "n");
});

const AS_NOBODY = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

test("bits that a write takes away from an ordinary user's file are set after it", {
  skip: process.getuid?.() === 0 && cannotBeNobody,
}, (t) => {
  const dir = scratch(t);
  chmodSync(dir, 0o777);
  const args = ["tmpfiles", "--create", "--inline", `f+ ${dir}/f 2755 - - - text`];
  const { status } = spawnSync(PROGRAM, args, { cwd: "/", ...AS_NOBODY });
  assert.equal(status, 0);
  assert.equal(modeOf(`${dir}/f`), 0o2755);
});

test("f refuses what is not a file, and the = modifier replaces it", (t) => {
  const path = `${scratch(t)}/f`;
  mkdirSync(`${path}/full`, { recursive: true });
  const run = makeRun();
  createItem(run, makeItem({ create: createFile, path }));
  assert.equal(run.events[0]?.type, "failed");
  createItem(run, makeItem({ create: createFile, path, modifiers: { replaceWrongType: true } }));
  assert.ok(lstatSync(path).isFile());
});

test("= replaces a wrong parent, and leaves a symlink to a directory", (t) => {
  const dir = scratch(t);
  mkdirSync(`${dir}/real`);
  symlinkSync("real", `${dir}/link`);
  writeFileSync(`${dir}/real/wrong`, "");
  symlinkSync("nowhere", `${dir}/dangling`);
  for (const path of [`${dir}/link/wrong/d`, `${dir}/dangling/d`]) {
    createItem(makeRun(), makeItem({ create: createDirectory, path, modifiers: { replaceWrongType: true } }));
  }
  assert.ok(lstatSync(`${dir}/real/wrong/d`).isDirectory());
  assert.ok(lstatSync(`${dir}/link`).isSymbolicLink());
  assert.ok(lstatSync(`${dir}/dangling/d`).isDirectory());
});

test("L+ replaces a full directory, L leaves it", (t) => {
  const dir = scratch(t);
  const path = `${dir}/l`;
  mkdirSync(`${path}/full`, { recursive: true });
  const run = makeRun();
  createItem(run, makeItem({ create: createSymlink, path, argument: bytes("target") }));
  assert.equal(run.events[0]?.type, "skipped");
  createItem(
    run,
    makeItem({ create: createSymlink, path, argument: bytes("target"), modifiers: { force: true } }),
  );
  assert.equal(readlinkSync(path), "target");
  assert.deepEqual(readdirSync(dir), ["l"]);
});

test("w writes into what a glob finds, w+ adds to it", (t) => {
  const dir = scratch(t);
  writeFileSync(`${dir}/a1`, "----");
  writeFileSync(`${dir}/a2`, "");
  createItem(makeRun(), makeItem({ create: writeFile, path: `${dir}/a[12]`, glob: true, content: "xy" }));
  assert.equal(readFileSync(`${dir}/a1`, "utf8"), "xy--");
  const force = { force: true };
  createItem(
    makeRun(),
    makeItem({ create: writeFile, path: `${dir}/a1`, content: "z", glob: true, modifiers: force }),
  );
  assert.equal(readFileSync(`${dir}/a1`, "utf8"), "xy--z");
});

test("z takes a mode with ~ as what nobody could do before", (t) => {
  const path = `${scratch(t)}/f`;
  writeFileSync(path, "");
  chmodSync(path, 0o600);
  const mode = { bits: 0o4755, onlyCreate: false, masked: true };
  createItem(makeRun(), makeItem({ create: onPath(adjust), path, glob: true, mode }));
  assert.equal(modeOf(path), 0o644);
});

test("Z goes through a tree of any depth", (t) => {
  const dir = scratch(t);
  const depth = 300;
  const deepest = `${dir}/t/${Array.from({ length: depth }, () => "d").join("/")}`;
  mkdirSync(deepest, { recursive: true });
  writeFileSync(`${deepest}/f`, "");
  const run = makeRun();
  createItem(run, makeItem({ create: onTree(adjust), path: `${dir}/t`, glob: true, mode: 0o700 }));
  assert.equal(run.events.length, depth + 2);
  assert.equal(modeOf(`${deepest}/f`), 0o700);
});

test("a dry run says the same and changes nothing", (t) => {
  const dir = scratch(t);
  writeFileSync(`${dir}/wrong`, "");
  const items = [
    makeItem({ create: createDirectory, path: `${dir}/a`, mode: 0o700 }),
    makeItem({ create: createFile, path: `${dir}/a/b/f`, content: "x" }),
    makeItem({ create: createFile, path: `${dir}/a/b/g` }),
    makeItem({ create: createDirectory, path: `${dir}/wrong/d`, modifiers: { replaceWrongType: true } }),
  ];
  const dry = makeRun({ dry: true });
  for (const item of items) createItem(dry, item);
  assert.deepEqual(readdirSync(dir), ["wrong"]);
  const real = makeRun();
  for (const item of items) createItem(real, item);
  const paths = (run: typeof dry) =>
    run.events
      .filter((event) => event.type === "created" || event.type === "removed")
      .map((e) => [e.type, e.path]);
  assert.deepEqual(paths(dry), paths(real));
  assert.ok(existsSync(`${dir}/wrong/d`));
});

test("below another root parents and targets lie inside it, wherever symlinks point", (t) => {
  const root = scratch(t);
  mkdirSync(`${root}/real`);
  symlinkSync("/real", `${root}/link`);
  writeFileSync(`${root}/file`, "");
  symlinkSync("/file", `${root}/to-file`);
  const run = makeRun({ root });
  createItem(run, makeItem({ create: createDirectory, path: `${root}/link/x/y` }));
  createItem(run, makeItem({ create: writeFile, path: `${root}/to-file`, glob: true, content: "inside" }));
  assert.deepEqual(
    run.events.filter((event) => event.type === "failed"),
    [],
  );
  assert.ok(lstatSync(`${root}/real/x/y`).isDirectory());
  assert.equal(readFileSync(`${root}/file`, "utf8"), "inside");
});

const needsRoot = process.getuid?.() !== 0 && "only root may set file capabilities";

test("k+ on a file whose capabilities count everywhere leaves that so", { skip: needsRoot }, (t) => {
  const path = `${scratch(t)}/f`;
  writeFileSync(path, "");
  const argument = (text: string) => parseCapabilities(bytes(text), assert.fail);
  const create = onPath(applyCapabilities);
  createItem(makeRun(), makeItem({ create, path, glob: true, argument: argument("cap_net_raw=p") }));
  const force = { force: true };
  createItem(
    makeRun(),
    makeItem({ create, path, glob: true, argument: argument("cap_kill=p"), modifiers: force }),
  );
  using fd = openat(Fd.cwd, bytes(path), O_PATH);
  assert.deepEqual(getCapabilities(fd), {
    permitted: (1n << 13n) | (1n << 5n),
    inheritable: 0n,
    effective: false,
    rootUid: 0,
  });
});
