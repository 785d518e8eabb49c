/** Locks on NFS: a user-mode Linux is an NFS server with two clients, one of which holds locks while the other cleans. */
import assert from "node:assert/strict";
import { execPath } from "node:process";
import { test } from "node:test";
import { MAYFLY, ROOT, start } from "../e2e/program.js";
import { needsPrograms, needsRoot } from "../requirements.js";

const TOOLS = [
  "linux.uml",
  "modprobe",
  "depmod",
  "rpc.nfsd",
  "rpc.mountd",
  "exportfs",
  "mount.nfs4",
  "flock",
];

test("what another host has locked is kept", { skip: needsRoot || needsPrograms(...TOOLS) }, () => {
  const kernel = [
    "mem=512M",
    "root=/dev/root",
    "rootfstype=hostfs",
    "rw",
    `init=${ROOT}/test/root/nfs-guest.sh`,
    "con=null",
    "con0=fd:0,fd:1",
    "console=tty0",
    `NODE=${execPath}`,
    `MAYFLY=${MAYFLY}`,
  ];
  const { stdout } = start("linux.uml", kernel);
  const said = (prefix: string): string[] =>
    stdout
      .split(/\r?\n/)
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length));
  assert.match(stdout, /^finished/m, stdout.slice(-3000));
  const left = ["d", "d/exclusive", "d/inside", "d/inside/below", "d/inside/below/file"];
  // A lock on a directory is not known to the server.
  assert.deepEqual(said("left: "), [...left, "d/inside/lock", "d/inside/other", "d/shared"]);
  const kept = said("run: kept ").toSorted();
  for (const [at, name] of ["exclusive", "inside/", "shared"].entries())
    assert.equal(kept[at], `/mnt/a/d/${name}: locked by a process (flock)`);
  assert.equal(kept.length, 3);
  const removed = (how: string, words: string): string[] => said(`${how}: ${words} `).toSorted();
  assert.deepEqual(removed("dry", "would remove"), removed("run", "removed"));
  assert.equal(removed("run", "removed").length, 6);
});
