import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { argumentsFor, isRoot, refused } from "./host.js";

const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/** Runs a shell script with a private /tmp as an ordinary user: as nobody if root runs the tests. */
function asUser(text: string, ...options: string[]) {
  const command = [process.execPath, ...argumentsFor(text, ...options)];
  const argv = isRoot ? ["setpriv", ...NOBODY, ...command] : command;
  return spawnSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8", cwd: "/" });
}

const probe = asUser("true");
const skip = {
  skip: refused || (probe.status === 0 ? false : `an ordinary user is refused: ${probe.stderr}`),
};

test("without root the command has no capability and can gain no privilege", skip, () => {
  for (const mode of ["connected", "disconnected"]) {
    const { stdout, stderr } = asUser(
      "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; id -u",
      "--mode",
      mode,
    );
    assert.match(stdout, /^CapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1\n/, stderr);
    assert.doesNotMatch(stdout, /^0$/m);
  }
});

test("without root, mounting and unmounting are refused, also in a nested namespace", skip, () => {
  for (const attempt of [
    "mount -t tmpfs x /tmp",
    "umount /tmp",
    "umount -l /var/tmp",
    "unshare --user --map-root-user --mount umount /tmp",
    "unshare --user --map-root-user --mount umount -l /tmp",
  ]) {
    assert.notEqual(asUser(attempt).status, 0, attempt);
  }
});

test("without root, /proc/PID/root of outside processes is not accessible", skip, () => {
  const { stdout } = asUser("ls /proc/$PPID/root/tmp /proc/$PPID/cwd/ 2>&1; true");
  assert.match(stdout, /Permission denied/);
});

test("without root, --user is refused", skip, () => {
  const { status, stderr } = asUser("true", "--user", "daemon");
  assert.equal(status, 125);
  assert.match(stderr, /without root/);
});

test("bubblewrap is used if there is no unshare(1)", {
  skip:
    skip.skip ||
    (spawnSync("bwrap", ["--version"]).status === 0 ? false : "needs bwrap, of the package bubblewrap"),
}, async () => {
  const { bubblewrapOptions } = await import("#src/private-tmp/user-mounts.js");
  const { parseMountOptions } = await import("#src/private-tmp/settings.js");
  const plan = (options: string[]) => ({
    command: ["true"],
    name: "x",
    rights: {},
    mode: "connected" as const,
    settings: parseMountOptions(options, "connected"),
    hasMountOptions: options.length > 0,
    targets: [],
    expose: [],
    env: {},
    stdio: "ignore" as const,
    cwd: { path: "/" as never, isInherited: true },
  });
  assert.deepEqual(bubblewrapOptions(plan([]), []), ["--dev-bind", "/", "/"]);
  assert.equal(bubblewrapOptions(plan(["noexec"]), []), undefined, "it has no noexec");
});
