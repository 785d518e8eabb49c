import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { CLI, freshName, needsRoot } from "../unit/private-tmp/host.js";

const skip =
  needsRoot ||
  (spawnSync("bwrap", ["--version"]).status === 0 ? false : "needs bwrap, of the package bubblewrap");

/** As nobody, on a host whose unshare(1) can't be executed. */
function withoutUnshare(script: string) {
  const run = `setpriv --reuid 65534 --regid 65534 --clear-groups ${process.execPath} ${CLI} run --name ${freshName()}`;
  const hide = "mount --bind /dev/null /usr/bin/unshare; cd /";
  const argv = [
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-c",
    `${hide}; ${script.replaceAll("RUN", run)}`,
  ];
  return spawnSync("unshare", argv, { encoding: "utf8", timeout: 60_000 });
}

test("without unshare(1), bubblewrap is used, with the same exit statuses", { skip }, () => {
  const { stdout, stderr } = withoutUnshare(`
    RUN -- sh -c 'stat -c %a /tmp; ls -A /tmp; echo hi >/tmp/x; grep CapEff /proc/self/status; exit 42'; echo $?
    RUN -- sh -c 'kill -TERM $$'; echo $?`);
  assert.equal(stdout, "1777\nCapEff:\t0000000000000000\n42\n143\n", stderr);
});

test("options that bubblewrap does not support are refused", { skip }, () => {
  const { stdout, stderr } = withoutUnshare("RUN -o noexec -- echo ran; echo $?");
  assert.equal(stdout, "125\n");
  assert.match(stderr, /unshare not found; install util-linux/);
});
