/** What works on a host, or in a chroot, where /proc is not mounted. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MAYFLY } from "../e2e/program.js";
import { scratch } from "../scratch.js";
import { source } from "../unit/temp/program.js";

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

test("without /proc, temporary files are made, persisted and removed", { skip }, (t) => {
  const dir = scratch(t, "/var/tmp");
  const file = join(dir, "program.mjs");
  const body = `
    const made = mayfly.mkdtempSync({ dir: data });
    for (const [name, replace] of [["a", false], ["a", true]]) {
      const anonymous = mayfly.openTempSync({ dir: made.path, content: "content" });
      anonymous.persistSync(made.path + "/" + name, { replace });
      anonymous.closeSync();
    }
    mayfly.mkstempSync({ dir: made.path }).persistSync(made.path + "/b");
    fs.writeSync(1, fs.readdirSync(made.path).join(" ") + " " + fs.readFileSync(made.path + "/a"));
    made.removeSync();`;
  writeFileSync(file, source(body, dir));
  const script = 'umount --lazy /proc && "$0" "$1"';
  const { stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", script, process.execPath, file], {
    encoding: "utf8",
  });
  assert.equal(stdout, "a b content", stderr);
  assert.deepEqual(readdirSync(dir), ["program.mjs"]);
});
