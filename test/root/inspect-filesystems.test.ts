import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import type { WatchEvent } from "#src/inspect/index.js";
import { Fd, RENAME_EXCHANGE, renameat2 } from "#src/sys/files.js";
import { needsDisk } from "../requirements.js";
import { scratch } from "../scratch.js";
import { NEEDS_NAMES, NEEDS_ROOT, watching } from "../unit/inspect/watching.js";

const skip = NEEDS_ROOT;
const skipBtrfs = needsDisk("btrfs");

function must(command: string, ...args: string[]): void {
  const done = spawnSync(command, args, { encoding: "utf8" });
  assert.equal(done.status, 0, `${command} ${args.join(" ")}: ${done.stderr}`);
}

/** A btrfs of the test's own, with a subvolume `sub` in it; its top level and the subvolume are mounted apart. */
function btrfs(t: TestContext): { top: string; sub: string; image: string } {
  const dir = scratch(t);
  const [image, top, sub] = ["image", "top", "sub"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  must("truncate", "-s", "256M", image);
  must("mkfs.btrfs", "-q", image);
  for (const each of [top, sub]) mkdirSync(each);
  must("mount", "-o", "loop,subvolid=5", image, top);
  must("btrfs", "subvolume", "create", join(top, "sub"));
  const device = spawnSync("findmnt", ["-no", "SOURCE", top], { encoding: "utf8" }).stdout.trim();
  must("mount", "-o", "subvol=sub", device, sub);
  return { top, sub, image };
}

const reported = (events: readonly WatchEvent[], dir: string): string[] =>
  events.map(({ op, path, to, from }) => {
    const other = to ?? from;
    const names = [path, ...(other === undefined ? [] : [other])].map((each) => each.slice(dir.length + 1));
    return `${op} ${names.join(" ")}`;
  });

/** Creates, fills, empties and removes a directory, and removes an older one. */
function comeAndGo(dir: string): void {
  spawnSync("rm", [join(dir, "d/old")]);
  mkdirSync(join(dir, "new"));
  spawnSync("sleep", ["0.3"]);
  writeFileSync(join(dir, "new/f"), "");
  spawnSync("rm", ["-r", join(dir, "new")]);
}

const CAME_AND_WENT = ["delete d/old", "create new", "create new/f", "delete new/f", "delete new"];

function namedRm(events: readonly WatchEvent[], path: string): void {
  const { actor } = events.find((each) => each.op === "delete" && each.path === path) ?? {};
  assert.equal(actor?.cmdline?.[0], "rm", path);
}

test("on the top level of a btrfs, entries of subvolumes are reported", {
  skip: NEEDS_NAMES || skipBtrfs,
}, async (t) => {
  const { top } = btrfs(t);
  mkdirSync(join(top, "sub/d"));
  writeFileSync(join(top, "sub/d/old"), "");
  const { events, abilities } = await watching(top, () => comeAndGo(join(top, "sub")));
  assert.equal(abilities.events, "fanotify");
  assert.deepEqual(
    reported(events, top),
    CAME_AND_WENT.map((each) => each.replace(" ", " sub/")),
  );
  namedRm(events, join(top, "sub/d/old"));
});

test("on a subvolume of a btrfs, changes are reported", {
  skip: NEEDS_NAMES || skipBtrfs,
}, async (t) => {
  const { sub } = btrfs(t);
  mkdirSync(join(sub, "d"));
  writeFileSync(join(sub, "d/old"), "old");
  const { events, abilities } = await watching(sub, () => comeAndGo(sub));
  assert.equal(abilities.events, "fanotify");
  assert.deepEqual(reported(events, sub), CAME_AND_WENT);
  namedRm(events, join(sub, "d/old"));
  assert.equal(events[0]?.victim?.size, 3);
});

test("a subvolume that is made and removed while it is watched", { skip: skipBtrfs }, async (t) => {
  const { top } = btrfs(t);
  const { events } = await watching(top, () => {
    must("btrfs", "subvolume", "create", join(top, "later"));
    spawnSync("sleep", ["0.3"]);
    writeFileSync(join(top, "later/f"), "");
    unlinkSync(join(top, "later/f"));
    rmdirSync(join(top, "later"));
  });
  assert.deepEqual(reported(events, top), [
    "create later",
    "create later/f",
    "delete later/f",
    "delete later",
  ]);
});

test("on a subvolume of a btrfs, short-lived directories are reported completely", {
  skip: skipBtrfs,
}, async (t) => {
  const { sub } = btrfs(t);
  const { events } = await watching(sub, () => {
    for (let i = 0; i < 20; i++) {
      mkdirSync(join(sub, `d${i}/deep`), { recursive: true });
      writeFileSync(join(sub, `d${i}/deep/f`), "");
      rmSync(join(sub, `d${i}`), { recursive: true });
    }
  });
  const names = reported(events, sub);
  for (let i = 0; i < 20; i++) {
    for (const each of [`create d${i}/deep/f`, `delete d${i}/deep/f`, `delete d${i}/deep`, `delete d${i}`])
      assert.equal(names.includes(each), true, each);
  }
});

/** An overlay whose layers are on an ext4 or tmpfs of the host, next to its mount point. */
function overlay(t: TestContext): { on: string; upper: string } {
  const dir = scratch(t, "/var/tmp");
  const on = join(dir, "on");
  for (const name of ["lower/d", "upper", "work", "on"]) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, "lower/d/old"), "old");
  const layers = `lowerdir=${dir}/lower,upperdir=${dir}/upper,workdir=${dir}/work`;
  must("mount", "-t", "overlay", "-o", layers, "none", on);
  return { on, upper: join(dir, "upper") };
}

test("on an overlay, removals are reported with their process", {
  skip: NEEDS_NAMES,
}, async (t) => {
  const { on } = overlay(t);
  const { events, abilities } = await watching(on, () => comeAndGo(on));
  assert.equal(abilities.events, "fanotify");
  assert.deepEqual(reported(events, on), CAME_AND_WENT);
  namedRm(events, join(on, "d/old"));
  assert.equal(events[0]?.victim?.size, 3);
});

test("changes through an overlay are reported in its upper layer", {
  skip,
}, async (t) => {
  const { on, upper } = overlay(t);
  const { events } = await watching(upper, () => {
    writeFileSync(join(on, "f"), "");
    spawnSync("rm", [join(on, "f")]);
  });
  const names = reported(events, upper);
  for (const each of ["create f", "delete f"]) assert.equal(names.includes(each), true, names.join(", "));
});

/** Exchanges names through the C library, since no program of coreutils 9.1 does it. */
function exchange(one: string, other: string): void {
  renameat2(Fd.cwd, bytes(one), Fd.cwd, bytes(other), RENAME_EXCHANGE);
}

test("an exchange of two names is reported, within a directory and across two", {
  skip,
}, async (t) => {
  const dir = scratch(t);
  for (const name of ["one/d", "two"]) mkdirSync(join(dir, name), { recursive: true });
  for (const name of ["a", "b", "two/f"]) writeFileSync(join(dir, name), name);
  const { events } = await watching(dir, () => {
    exchange(join(dir, "a"), join(dir, "b"));
    exchange(join(dir, "one/d"), join(dir, "two/f"));
    spawnSync("sleep", ["0.1"]);
    unlinkSync(join(dir, "a"));
    unlinkSync(join(dir, "one/d"));
    rmdirSync(join(dir, "two/f"));
  });
  const names = reported(events, dir).map((each) =>
    each.startsWith("exchange") ? `exchange ${each.split(" ").slice(1).sort().join(" ")}` : each,
  );
  assert.deepEqual(names, [
    "exchange a b",
    "exchange one/d two/f",
    "delete a",
    "delete one/d",
    "delete two/f",
  ]);
  const last = (path: string) => events.find((each) => each.op === "delete" && each.path === join(dir, path));
  assert.equal(last("a")?.victim?.size, 1);
  assert.equal(last("one/d")?.kind, "file");
  assert.equal(last("one/d")?.victim?.size, 5, "what was known of it moved with it");
  assert.equal(last("two/f")?.kind, "directory");
});

test("an exchange of two trees is reported, with the new paths below them", { skip }, async (t) => {
  const dir = scratch(t);
  for (const name of ["current/x", "next/y"]) mkdirSync(join(dir, name), { recursive: true });
  const { events } = await watching(dir, () => {
    exchange(join(dir, "current"), join(dir, "next"));
    spawnSync("sleep", ["0.1"]);
    rmdirSync(join(dir, "current/y"));
    writeFileSync(join(dir, "next/x/f"), "");
  });
  const names = reported(events, dir);
  assert.equal(names[0]?.startsWith("exchange "), true);
  assert.deepEqual(names.slice(1), ["delete current/y", "create next/x/f"]);
});

test("an exchange with an unwatched name is reported as a move out and a move in", {
  skip,
}, async (t) => {
  const dir = scratch(t);
  const elsewhere = scratch(t);
  writeFileSync(join(dir, "in"), "in");
  writeFileSync(join(elsewhere, "out"), "out");
  const { events } = await watching(dir, () => exchange(join(dir, "in"), join(elsewhere, "out")));
  const ops = new Set(events.map(({ op }) => op));
  assert.equal(ops.has("delete"), false, "nothing was deleted");
  assert.equal(
    events.some(({ path, to }) => path === join(dir, "in") && to === join(elsewhere, "out")),
    true,
    JSON.stringify(reported(events, dir)),
  );
});
