import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { MAYFLY } from "../e2e/program.js";

const inNamespace = (script: string) =>
  spawnSync("unshare", ["--mount", "sh", "-c", script, process.execPath, MAYFLY], { encoding: "utf8" });

const skip = inNamespace("umount --lazy /proc").status === 0 ? false : "needs a mount namespace: root";

test("without /proc nothing is done, as with 262", { skip }, () => {
  const line = "d /mayfly-nowhere";
  const { status, stderr, stdout } = inNamespace(
    `umount --lazy /proc && "$0" "$1" tmpfiles --dry-run --create --inline "${line}"`,
  );
  assert.equal(status, 1);
  assert.match(stderr, /\/proc is not mounted/);
  assert.doesNotMatch(stdout + stderr, /Would create/);
});
