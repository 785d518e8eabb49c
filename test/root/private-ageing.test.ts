import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { WAIT_FOR } from "../children.js";
import { reference } from "../reference.js";
import { makeScratch, removeScratch } from "../scratch.js";
import { CLI, needsRoot } from "../unit/private-tmp/host.js";

const tool = reference();

/**
 * The lines of systemd's own tmp.conf and systemd-tmp.conf that have to do with private directories. The kernel lets
 * nobody set a ctime back, so the age is 0 instead of 10 and 30 days: everything is too old, and only what the tool
 * spares for another reason stays.
 */
const STOCK = `q /tmp 1777 root root 0
q /var/tmp 1777 root root 0
x /tmp/systemd-private-%b-*
X /tmp/systemd-private-%b-*/tmp
x /var/tmp/systemd-private-%b-*
X /var/tmp/systemd-private-%b-*/tmp
R! /tmp/systemd-private-*
R! /var/tmp/systemd-private-*
`;

const PROJECT = dirname(dirname(CLI));

/** A folder outside of /tmp, where the project is to be seen once something else is mounted there. */
function withFolder(use: (folder: string) => void): void {
  const folder = makeScratch("/var");
  mkdirSync(`${folder}/project`);
  writeFileSync(`${folder}/stock.conf`, STOCK);
  copyFileSync(resolve(PROJECT, "tmpfiles.d/mayfly.conf"), `${folder}/mayfly.conf`);
  if (tool.binary !== undefined) copyFileSync(tool.binary, `${folder}/systemd-tmpfiles`);
  try {
    use(folder);
  } finally {
    removeScratch(folder);
  }
}

/** A living command, a directory whose command and mayfly were killed, and a stray file; then the ageing. */
function script(clean: string, folder: string): string {
  const run = `${process.execPath} ${folder}/project/bin/mayfly.js run`;
  return `${WAIT_FOR}
    mount --bind ${PROJECT} ${folder}/project; mount -t tmpfs a /tmp; mount -t tmpfs b /var/tmp
    ${run} --name stale --kill-mode process -- sh -c 'echo x >/tmp/f; echo up >/var/tmp/up; kill -KILL $PPID; sleep 0.2'
    ${run} --name living -- sh -ec '${WAIT_FOR}
      mkdir /tmp/d; echo kept >/tmp/d/old; touch -d 2001-01-01 /tmp/d/old /tmp/d /var/tmp/old; echo up >/tmp/up
      wait_for test -e /tmp/go; cat /tmp/d/old; ls /var/tmp' &
    wait_for sh -c 'test -e /tmp/mayfly-private-*-living-*/tmp/up'
    touch -d 2001-01-01 /tmp/stray
    sleep 0.3
    ${clean} --clean ${folder}/stock.conf
    ls /tmp /var/tmp | sed -n 's/.*-private-.*-\\(.*\\)-.*/\\1/p;/stray/p'
    touch "$(echo /tmp/mayfly-private-*-living-*/tmp)/go"; wait; ls -A /tmp /var/tmp`;
}

for (const [title, skip, cleaner] of [
  [
    "the real systemd-tmpfiles 262",
    needsRoot || tool.missing || false,
    (folder: string) => `${folder}/systemd-tmpfiles`,
  ],
  [
    "mayfly's own engine",
    needsRoot,
    (folder: string) => `${process.execPath} ${folder}/project/bin/mayfly.js tmpfiles`,
  ],
] as const) {
  test(`${title}, stock configuration, aged: a living command's files are all there, what is stale goes`, {
    skip,
  }, () => {
    withFolder((folder) => {
      const { stdout, stderr } = spawnSync(
        "unshare",
        ["--mount", "--propagation", "private", "sh", "-c", script(cleaner(folder), folder)],
        { encoding: "utf8", timeout: 60_000 },
      );
      assert.equal(stdout, "living\nliving\nkept\nold\n/tmp:\n\n/var/tmp:\n", stderr);
    });
  });
}

test("at boot systemd-tmpfiles 262 removes old directories by the shipped configuration", {
  skip: needsRoot || tool.missing || false,
}, () => {
  const leaf = `mayfly-private-${"0".repeat(32)}-old-abcdef`;
  withFolder((folder) => {
    const clean = `${folder}/systemd-tmpfiles --remove`;
    const conf = `${folder}/mayfly.conf`;
    const text = `
    mount -t tmpfs a /tmp; mount -t tmpfs b /var/tmp; mkdir -p /tmp/${leaf}/tmp/d /var/tmp/${leaf}/tmp /tmp/mayfly-other
    ${clean} ${conf}; ls /tmp; ${clean} --boot ${conf}; ls -A /tmp /var/tmp`;
    const argv = ["--mount", "--propagation", "private", "sh", "-ec", text];
    const { stdout, stderr } = spawnSync("unshare", argv, { encoding: "utf8", timeout: 60_000 });
    assert.equal(stdout, `mayfly-other\n${leaf}\n/tmp:\nmayfly-other\n\n/var/tmp:\n`, stderr);
  });
});
