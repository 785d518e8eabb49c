import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { until, WAIT_FOR } from "../children.js";
import { makeScratch, removeScratch } from "../scratch.js";
import { CLI, directoriesOf, freshName, hidesTmp, mayfly, needsRoot } from "../unit/private-tmp/host.js";

const root = { skip: needsRoot };
const cli = `${process.execPath} ${CLI}`;
const run = `${cli} run --name ${freshName()}`;

/** Runs a shell script in a mount namespace of the test's own, whose mounts are shared as on a host with systemd. */
function onSharedHost(script: string) {
  return spawnSync("unshare", ["--mount", "--propagation", "shared", "sh", "-ec", `${WAIT_FOR}${script}`], {
    encoding: "utf8",
    timeout: 300_000,
  });
}

test("on a parent with shared propagation no mount leaks out", root, () => {
  for (const mode of ["connected", "disconnected"]) {
    const { stdout, stderr, status } = onSharedHost(`
      before=$(wc -l </proc/self/mountinfo)
      ${run} --mode ${mode} -- sh -ec 'mkdir /tmp/in; mount -t tmpfs inside /tmp/in; mount -t tmpfs inside2 /mnt; echo mounted'
      test "$before" = "$(wc -l </proc/self/mountinfo)"
      ! grep -q inside /proc/self/mountinfo
      grep -c shared: /proc/self/mountinfo >/dev/null && echo still-shared`);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, "mounted\nstill-shared\n");
  }
});

test("later mounts of the host are visible inside, also in the directory itself", root, () => {
  const name = freshName();
  const { stdout, stderr, status } = onSharedHost(`
    ${run} --name ${name} -- sh -ec '${WAIT_FOR} echo up >/tmp/up; wait_for test -e /tmp/go; ls /mnt; ls /tmp/below' &
    wait_for ${cli} path ${name} >/dev/null; inner=$(${cli} path ${name}); wait_for test -e "$inner/up"
    mount -t tmpfs later /mnt; touch /mnt/seen
    mkdir "$inner/below"; mount -t tmpfs below "$inner/below"; touch "$inner/below/too"
    touch "$inner/go"; wait; umount "$inner/below"; ${cli} reap`);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^seen\ntoo\n/);
});

test("the symlink attack of CVE-2011-2722 succeeds without Mayfly and fails with it", root, () => {
  const folder = makeScratch("/var");
  writeFileSync(`${folder}/precious`, "precious");
  // Of the file's name only the end differs: the test must not meet a real one. fs.protected_symlinks would stop the
  // attack where it is on, so the attacker here is the victim's own user, as on hosts where it is off.
  const link = `/tmp/hpcupsfax-${freshName()}.out`;
  symlinkSync(`${folder}/precious`, link);
  const victim = ["sh", "-c", `printf owned >${link}`];
  try {
    const safe = mayfly(["run", "--", ...victim]);
    assert.equal(safe.status, 0, safe.stderr);
    assert.equal(readFileSync(`${folder}/precious`, "utf8"), "precious");
    assert.equal(spawnSync(victim[0] ?? "", victim.slice(1)).status, 0);
    assert.equal(readFileSync(`${folder}/precious`, "utf8"), "owned", "the attack does not work at all");
  } finally {
    rmSync(link, { force: true });
    removeScratch(folder);
  }
});

test("another user can neither read the directory nor create a name in it", root, async (t) => {
  const name = freshName();
  const look = [
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "sh",
    "-c",
    `ls /tmp/*-${name}-*/ 2>&1; ls /tmp/*-${name}-*/tmp 2>&1; echo x >/tmp/*-${name}-*/tmp/f; true`,
  ];
  const child = spawn(
    process.execPath,
    [CLI, "run", "--name", name, "--", "sh", "-c", "echo s >/tmp/secret; cat"],
    {
      stdio: ["pipe", "ignore", "inherit"],
    },
  );
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  try {
    await until(
      "the secret is there",
      () => mayfly(["enter", name, "test", "-e", "/tmp/secret"]).status === 0,
    );
    const { stdout } = spawnSync("setpriv", look, { encoding: "utf8" });
    assert.doesNotMatch(stdout, /secret/);
    assert.match(stdout, /Permission denied/);
  } finally {
    child.stdin.end();
  }
  await ended;
  assert.deepEqual(directoriesOf(name), []);
});

test("30,000 levels, any names and unreadable directories are removed; a mount of the host is skipped", {
  skip: hidesTmp,
}, () => {
  const name = freshName();
  const build = `
const fs = require("node:fs");
const bytes = (text) => Buffer.from(text, "latin1");
process.chdir("/tmp");
for (let n = 0; n < 30000; n++) { fs.mkdirSync("d"); process.chdir("d"); }
process.chdir("/tmp");
fs.writeFileSync(bytes("\\xff\\xfe\\n"), ""); fs.mkdirSync(bytes("\\xff")); fs.writeFileSync(bytes("\\xff/\\x01"), "");
fs.mkdirSync("closed/in", { recursive: true }); fs.writeFileSync("closed/in/f", "");
fs.chmodSync("closed/in", 0); fs.chmodSync("closed", 0); fs.mkdirSync("own"); fs.mkdirSync("host");
require("node:child_process").execFileSync("mount", ["--bind", "/mnt", "/tmp/own"]);
fs.writeFileSync("ready", "");
for (let n = 0; n < 6000 && !fs.existsSync("/tmp/end"); n++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
`;
  const { stdout, stderr, status } = onSharedHost(`
    mount -t tmpfs a /tmp; mount -t tmpfs b /var/tmp; mount -t tmpfs c /mnt; echo untouched >/mnt/file
    ${run} --name ${name} -- ${process.execPath} -e '${build}' &
    wait_for ${cli} path ${name} >/dev/null; inner=$(${cli} path ${name}); wait_for test -e "$inner/ready"
    mount --bind /mnt "$inner/host"; touch "$inner/end"; wait $!; echo status=$?
    cd "$inner"; find . ! -name . | grep -v file; cat /mnt/file; cd /; umount "$inner/host"
    ${cli} reap | sed 's/.*-private-.*/removed/'; ls -A /tmp /var/tmp; cat /mnt/file`);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /cannot remove the private \/tmp: .*host/);
  assert.equal(stdout, "status=0\n./host\nuntouched\nremoved\n/tmp:\n\n/var/tmp:\nuntouched\n");
});

test("if the host's directory is read-only, the command has an empty one", root, () => {
  const { stdout, stderr, status } = onSharedHost(`
    mount -t tmpfs a /var/tmp; mount -t tmpfs b /mnt; mount --bind /mnt /var/tmp; mount -o remount,bind,ro /var/tmp
    ${run} -- sh -c 'stat -c %a /tmp; ls -A /var/tmp; touch /var/tmp/x 2>/dev/null || echo read-only'`);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "1777\nread-only\n");
});

test("if namespaces are disabled, the setting is reported, and nothing runs unless asked for", root, () => {
  const limited = (setting: string, as: string, options: string) =>
    spawnSync(
      "unshare",
      [
        "--user",
        "--mount",
        "--map-root-user",
        "sh",
        "-c",
        `echo 0 >/proc/sys/user/${setting}; exec ${as} ${run} ${options} -- echo ran`,
      ],
      { encoding: "utf8" },
    );
  const refused = limited("max_mnt_namespaces", "", "");
  assert.equal(refused.status, 125);
  assert.equal(refused.stdout, "");
  assert.match(refused.stderr, /refuses mount namespaces .*user\.max_mnt_namespaces is 0/);
  const without = limited("max_user_namespaces", "setpriv --bounding-set=-all", "");
  assert.equal(without.status, 125, without.stderr);
  assert.match(without.stderr, /refuses user namespaces .*user\.max_user_namespaces is 0/);
  const anyway = limited("max_mnt_namespaces", "", "--best-effort");
  assert.equal(anyway.stdout, "ran\n");
  assert.match(anyway.stderr, /running with the host's \/tmp/);
});
