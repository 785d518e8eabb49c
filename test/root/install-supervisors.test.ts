/**
 * What `mayfly install` writes for OpenRC, runit and s6, run by these programs. Each runs in namespaces of its own, in which
 * only the test's own directory can be written to, and everything ends with the script.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MAYFLY, mayfly } from "../e2e/program.js";
import { needsPrograms, needsRoot, type Skip } from "../requirements.js";
import { scratch } from "../scratch.js";

const OLD = new Date("2020-01-01T00:00:00Z");

/** `$0` is Node, `$1` the scratch directory, `$2` the program. `wait_for` waits at most 10 seconds. */
const SCENE = `set -e
  cd "$1"
  mount --bind "$1" "$1"
  mount --bind "$1/conf" /usr/lib/tmpfiles.d
  for dir in /etc/tmpfiles.d /usr/local/lib/tmpfiles.d /tmp /run /var/cache /var/lib /var/log; do
    if [ -d $dir ]; then mount -t tmpfs -o mode=755 none $dir; fi
  done
  for dir in /etc/init.d /etc/runlevels; do
    if [ -d "$1/root$dir" ]; then mount --bind "$1/root$dir" $dir; fi
  done
  mount -o remount,bind,ro /
  export PATH="$PATH:/usr/sbin:/sbin"
  cd "$1"
  wait_for() {
    tries=0
    while ! eval "$1"; do
      tries=$((tries + 1))
      if [ $tries -gt 100 ]; then echo "not after 10 seconds: $1"; cat /var/log/mayfly* /var/log/mayfly/* 2>/dev/null; exit 1; fi
      sleep 0.1
    done
  }
`;

interface Place {
  readonly path: string;
  readonly root: string;
  readonly aged: string;
}

/** A directory with something old and something new, and a root with what `install` writes. */
function placeOf(t: TestContext, directories: readonly string[], args: readonly string[]): Place {
  const path = scratch(t, "/var/tmp");
  const [aged, root] = [join(path, "aged"), join(path, "root")];
  for (const name of ["aged", "conf", ...directories.map((each) => join("root", each))])
    mkdirSync(join(path, name), { recursive: true });
  writeFileSync(join(path, "conf/aged.conf"), `d ${aged} - - - mM:1d\nf ${path}/made\n`);
  for (const name of ["old", "new"]) writeFileSync(join(aged, name), "");
  utimesSync(join(aged, "old"), OLD, OLD);
  const { status, stderr } = mayfly(["install", "--root", root, ...args]);
  assert.equal(status, 0, stderr);
  return { path, root, aged };
}

function runScript({ path }: Place, script: string): string {
  const namespaces = [
    "--mount",
    "--propagation",
    "private",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
  ];
  const { status, stdout, stderr } = spawnSync(
    "unshare",
    [...namespaces, "sh", "-c", `${SCENE}\n${script}`, process.execPath, path, MAYFLY],
    { encoding: "utf8", timeout: 90_000 },
  );
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

function requireCleaned({ path, aged }: Place): void {
  assert.deepEqual(readdirSync(aged), ["new"]);
  assert.ok(existsSync(join(path, "made")));
}

const needs = (...programs: string[]): Skip => needsRoot || needsPrograms(...programs);

test("OpenRC creates in the boot runlevel, and has mayfly serve clean in the default one", {
  skip: needs("openrc", "openrc-run", "supervise-daemon"),
}, (t) => {
  const place = placeOf(t, ["sbin", "etc/init.d", "etc/runlevels/boot"], ["--init", "openrc"]);
  const out = runScript(
    place,
    `mkdir -p /run/openrc
    openrc boot
    [ -e made ] && echo set up
    [ -e aged/old ] || echo it cleaned too early
    openrc default
    wait_for 'grep -q "Next run" /var/log/mayfly.log'
    RC_SVCNAME=mayfly supervise-daemon mayfly --signal USR1 --pidfile /run/mayfly.pid
    wait_for '! [ -e aged/old ]'
    rc-service mayfly reload
    rc-service mayfly status
    rc-service mayfly stop
    [ ! -e /run/mayfly.pid ]`,
  );
  assert.match(out, /^set up$/m);
  requireCleaned(place);
});

test("runit runs mayfly serve", { skip: needs("runsvdir", "sv", "svlogd") }, (t) => {
  const place = placeOf(t, ["etc/runit/runsvdir/default"], ["--init", "runit"]);
  // The link in the directory of services is absolute; here, the root is not that of the running system.
  runScript(
    place,
    `mkdir -p services
    ln -s "$1/root/etc/sv/mayfly" services/mayfly
    runsvdir services &
    wait_for '[ -e made ]'
    wait_for 'sv 1 ./services/mayfly'
    wait_for '! [ -e aged/old ]'
    wait_for 'grep -q . /var/log/mayfly/current'
    sv -w 30 down "$1/services/mayfly"`,
  );
  requireCleaned(place);
  const { status, stderr } = mayfly(["uninstall", "--root", place.root]);
  assert.deepEqual([status, stderr], [0, ""]);
  assert.deepEqual(readdirSync(place.root, { recursive: true }).sort(), [
    "etc",
    "etc/runit",
    "etc/runit/runsvdir",
    "etc/runit/runsvdir/default",
  ]);
});

test("s6 runs mayfly serve", { skip: needs("s6-svscan", "s6-svc", "s6-log") }, (t) => {
  const place = placeOf(t, ["srv/services"], ["--init", "s6", "--service-directory", "/srv/services"]);
  runScript(
    place,
    `s6-svscan "$1/root/srv/services" &
    wait_for '[ -e made ]'
    wait_for 's6-svc -1 root/srv/services/mayfly'
    wait_for '! [ -e aged/old ]'
    wait_for 'grep -q . /var/log/mayfly/current'
    s6-svc -wD -T 30000 -d "$1/root/srv/services/mayfly"
    s6-svscanctl -t "$1/root/srv/services"
    wait`,
  );
  requireCleaned(place);
  const { status, stderr } = mayfly(["uninstall", "--root", place.root]);
  assert.deepEqual([status, stderr], [0, ""]);
  const left = readdirSync(place.root, { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    left.filter((name) => name.includes("mayfly")),
    [],
  );
});
