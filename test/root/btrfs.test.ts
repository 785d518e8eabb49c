/** Subvolumes and quota groups on a btrfs, compared with those that systemd-tmpfiles 262 creates. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { reference } from "../reference.js";
import { needsDisk } from "../requirements.js";
import { scratch } from "../scratch.js";

const MEBIBYTE = 1 << 20;
const CONFIG = `
v /v 0700 1 2
q /v/q
Q /Q 0711
q /Q/q
Q /Q/Q
Q /Q/Q/Q
v /plain/v
d /d
v /d/v ~0755
v= /file 0750
f /Q/q/f - - - - content
`;

function missing(): string | false {
  return needsDisk("btrfs") || (reference().missing ?? false);
}

function sh(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** A btrfs with quotas, its top in the group 7/0; its numbers are those of any other one made so. */
function makeBtrfs(folder: string, name: string, quota: boolean): string {
  const image = join(folder, `${name}.img`);
  const at = join(folder, name);
  writeFileSync(image, "");
  truncateSync(image, 256 * MEBIBYTE);
  sh("mkfs.btrfs", "-q", image);
  mkdirSync(at);
  sh("mount", "-o", "loop", image, at);
  writeFileSync(join(at, "file"), "in the way");
  if (quota) {
    sh("btrfs", "quota", "enable", at);
    sh("btrfs", "qgroup", "create", "7/0", at);
    sh("btrfs", "qgroup", "assign", "--no-rescan", "0/5", "7/0", at);
  }
  return at;
}

/** Subvolumes, files and quota groups, without the sizes. */
function look(at: string): string {
  const columns = (text: string, ...wanted: number[]): string =>
    text
      .split("\n")
      .map((line) => wanted.map((column) => line.split(/\s+/)[column]).join(" "))
      .join("\n");
  const groups = spawnSync("btrfs", ["qgroup", "show", "-p", "--raw", at], { encoding: "utf8" }).stdout;
  return [
    columns(sh("btrfs", "subvolume", "list", at), 1, 6, 8),
    readdirSync(at, { recursive: true }).sort().join("\n"),
    sh("find", at, "-printf", "%P %y %m %U:%G\\n").split("\n").sort().join("\n"),
    columns(groups, 0, 3),
  ].join("\n--\n");
}

for (const quota of [false, true]) {
  test(`v, q and Q, with quota ${quota ? "on" : "off"}`, { skip: missing() }, (t) => {
    const folder = scratch(t, "/var/tmp");
    const [expected, actual] = ["262", "own"].map((name) => makeBtrfs(folder, name, quota));
    assert.ok(expected !== undefined && actual !== undefined);
    const config = join(folder, "x.conf");
    writeFileSync(config, CONFIG);
    // Twice: an existing subvolume must keep its groups.
    for (const _ of [1, 2]) {
      sh(reference().binary ?? "", "--create", `--root=${expected}`, config);
      assert.equal(createBelow(actual, config), 0);
      assert.equal(look(actual), look(expected));
    }
    assert.match(look(actual), /Q\/Q/);
  });
}

test("= replaces a subvolume that contains another one, where 262 fails half-way", {
  skip: missing(),
}, (t) => {
  const folder = scratch(t, "/var/tmp");
  const at = makeBtrfs(folder, "both", false);
  const config = join(folder, "x.conf");
  writeFileSync(config, "f= /outer\n");
  for (const name of ["outer", "outer/inner"]) sh("btrfs", "-q", "subvolume", "create", join(at, name));
  const args = ["--create", `--root=${at}`, config];
  assert.equal(spawnSync(reference().binary ?? "", args).status, 73);
  assert.deepEqual(readdirSync(join(at, "outer")), ["inner"]);
  assert.equal(createBelow(at, config), 0);
  assert.ok(statSync(join(at, "outer")).isFile());
});

function createBelow(root: string, config: string): number {
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../../../bin/mayfly.js"), "tmpfiles", "--create", `--root=${root}`, config],
    { encoding: "utf8" },
  );
  assert.equal(stderr, "");
  return status ?? -1;
}
