/** Sockets, if /proc hides other users' processes: whether one of them listens is unknown. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cannotBeNobody, NOBODY } from "../ordinary-user.js";
import { MAYFLY, Scratch, start } from "./program.js";

const DEAD = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;

function skip(): string | false {
  if (cannotBeNobody !== false) return cannotBeNobody;
  const { status } = start("unshare", ["--mount", "mount", "-t", "proc", "-o", "hidepid=2", "proc", "/proc"]);
  return status !== 0 && "cannot mount a /proc that hides processes";
}

test("a socket is kept, and the reason says so", { skip: skip() }, () => {
  using scratch = new Scratch();
  const tree = join(scratch.path, "tree");
  mkdirSync(tree);
  const socket = join(tree, "socket");
  start(process.execPath, ["-e", DEAD, socket]);
  start("chown", ["-R", `${NOBODY}`, scratch.path]);
  const asNobody = `setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups "$@"`;
  const clean = [process.execPath, MAYFLY, "clean", "--verbose", "--inline", `d ${tree} - - - m:0`];
  const hidden = `mount -t proc -o hidepid=2 proc /proc && exec ${asNobody}`;
  const { stdout, stderr } = start("unshare", ["--mount", "sh", "-c", hidden, "sh", ...clean]);
  assert.match(stdout, /kept \S+socket: a process that cannot be inspected may listen/, stderr);
  assert.ok(existsSync(socket));
  start("sh", ["-c", asNobody, "sh", ...clean]);
  assert.ok(!existsSync(socket));
});
