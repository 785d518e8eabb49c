/**
 * What `mayfly install` writes, run by the programs that it is for, and the restrictions of the cleaning unit, applied by real
 * namespaces. Each runs in a mount namespace in which only the test's own directory can be written to.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { endWithTest, until } from "../children.js";
import { MAYFLY, mayfly } from "../e2e/program.js";
import { needsCompiler, needsPrograms, needsRoot } from "../requirements.js";
import { scratch } from "../scratch.js";

const OLD = new Date("2020-01-01T00:00:00Z");
const NODE = process.execPath;

/** `$1` is the scratch directory: the only one that can be written to, with the only configuration. */
const SCENE = `set -e
  cd "$1"
  mount --bind "$1" "$1"
  mount --bind "$1/conf" /usr/lib/tmpfiles.d
  for dir in /etc/tmpfiles.d /usr/local/lib/tmpfiles.d /tmp /run /var/cache /var/spool /var/mail; do
    if [ -d $dir ]; then mount -t tmpfs none $dir; fi
  done
  for dir in /etc/cron.d /etc/cron.daily; do
    if [ -d "$1/root$dir" ] && [ -d $dir ]; then mount --bind "$1/root$dir" $dir; fi
  done
  mount -o remount,bind,ro /
  export PATH="$PATH:/usr/sbin:/sbin"
  cd "$1"
`;

interface Place {
  readonly path: string;
  /** The aged directory has something old and something new. */
  readonly aged: string;
}

function placeOf(t: { after(work: () => void): void }): Place {
  // Not below /tmp: a unit's ReadWritePaths= makes mounts there.
  const path = scratch(t, "/var/tmp");
  const aged = join(path, "aged");
  for (const name of ["aged/below", "conf", "root/etc"]) mkdirSync(join(path, name), { recursive: true });
  writeFileSync(join(path, "conf/aged.conf"), `d ${aged} - - - mM:1d\nf ${path}/made\n`);
  for (const name of ["old", "new", "below/old"]) writeFileSync(join(aged, name), "");
  for (const name of ["old", "below/old", "below"]) utimesSync(join(aged, name), OLD, OLD);
  return { path, aged };
}

/** Runs a script in the scene. */
function inScene({ path }: Place, script: string, flags: readonly string[] = []): string {
  const args = [
    "--mount",
    "--propagation",
    "private",
    ...flags,
    "sh",
    "-c",
    `${SCENE}\n${script}`,
    NODE,
    path,
    MAYFLY,
  ];
  const { status, stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8", timeout: 60_000 });
  assert.equal(status, 0, stderr + stdout);
  return stdout;
}

const isCleaned = ({ aged }: Place): boolean =>
  !existsSync(join(aged, "old")) && !existsSync(join(aged, "below")) && existsSync(join(aged, "new"));

function installCron(place: Place): void {
  const { status, stderr } = mayfly(["install", "--root", join(place.path, "root"), "--init", "cron"]);
  assert.equal(status, 0, stderr);
}

test("run-parts runs the daily job", { skip: needsRoot || needsPrograms("run-parts", "flock") }, (t) => {
  const place = placeOf(t);
  installCron(place);
  assert.equal(inScene(place, 'run-parts "$1/root/etc/cron.daily" 2>&1'), "");
  assert.ok(isCleaned(place));
});

test("anacron runs the daily job", {
  skip: needsRoot || needsPrograms("anacron", "run-parts", "flock"),
}, (t) => {
  const place = placeOf(t);
  installCron(place);
  mkdirSync(join(place.path, "spool"));
  writeFileSync(
    join(place.path, "anacrontab"),
    `PATH=/usr/sbin:/usr/bin:/sbin:/bin\n1 0 cron.daily run-parts ${place.path}/root/etc/cron.daily\n`,
  );
  inScene(place, 'TMPDIR="$1" anacron -f -n -d -t "$1/anacrontab" -S "$1/spool"');
  assert.ok(isCleaned(place));
});

test("cron creates at boot what is configured", {
  skip: needsRoot || needsPrograms("cron", "flock") || needsCronDirectory(),
}, async (t) => {
  const place = placeOf(t);
  installCron(place);
  const script = `${SCENE}\nmkdir -p /var/spool/cron/crontabs\nexec cron -f`;
  const args = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const cron = endWithTest(
    spawn("unshare", [...args, "sh", "-c", script, NODE, place.path, MAYFLY], {
      stdio: ["ignore", "ignore", "pipe"],
    }),
  );
  let errors = "";
  cron.stderr.on("data", (data) => {
    errors += data;
  });
  await until(
    `cron runs @reboot: ${errors}`,
    () => existsSync(join(place.path, "made")) || cron.exitCode !== null,
  );
  assert.ok(existsSync(join(place.path, "made")), errors);
  assert.ok(existsSync(join(place.aged, "old")), "it waits 15 minutes with cleaning");
});

function needsCronDirectory(): string | false {
  return !existsSync("/etc/cron.d") && "needs /etc/cron.d";
}

/** What a cleaning run reports, without what varies. */
function cleaned(output: string): string[] {
  const lines = output.split("\n").filter((line) => /"type":"(removed|kept|failed)"/.test(line));
  return lines.map((line) => line.replace(/"done":\w+,/, "")).sort();
}

/** The sandbox of the unit, as far as namespaces, capabilities and mounts make it up. */
const CAPABILITIES = "-all,+dac_override,+dac_read_search,+fowner";
const RESTRICTED = `mount --bind "$1/aged" "$1/aged"
  mount -o remount,bind,ro "$1"
  exec setpriv --no-new-privs --bounding-set=${CAPABILITIES} --inh-caps=-all "$0" --jitless "$2" clean --no-index --json`;

test("the restrictions of the cleaning unit change no result", {
  skip: needsRoot || needsPrograms("setpriv"),
}, async (t) => {
  const place = placeOf(t);
  const server = await sockets(place);
  t.after(() => server.close());
  const free = inScene(place, '"$0" "$2" clean --no-index --json --dry-run');
  const restricted = inScene(place, RESTRICTED, ["--uts", "--ipc"]);
  assert.ok(isCleaned(place));
  assert.deepEqual(cleaned(restricted), cleaned(free));
});

test("PrivateTmp= would clean nothing", { skip: needsRoot }, (t) => {
  const place = placeOf(t);
  inScene(place, 'mount -t tmpfs none "$1/aged"; "$0" "$2" clean --no-index');
  assert.ok(existsSync(join(place.aged, "old")));
});

/** A live socket and a dead one, with old times. */
function sockets({ aged }: Place): Promise<Server> {
  const server = createServer();
  const bind =
    "const server = require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 9))";
  spawnSync(NODE, ["-e", bind, join(aged, "dead")]);
  return new Promise((resolve) => {
    server.listen(join(aged, "live"), () => {
      for (const name of ["live", "dead"]) utimesSync(join(aged, name), OLD, OLD);
      resolve(server);
    });
  });
}

/** What a dry run in the sandbox says of the entry. */
function verdictOn(place: Place, name: string, before = "", flags: readonly string[] = []): string {
  const limited = `setpriv --bounding-set=${CAPABILITIES} --inh-caps=-all "$0" --jitless "$2"`;
  const output = inScene(place, `${before}\n${limited} clean --no-index --json --dry-run || true`, flags);
  return output.split("\n").find((line) => line.includes(`${place.aged}/${name}"`)) ?? output;
}

const needsSandbox = needsRoot || needsPrograms("setpriv");

test("with PrivateNetwork=, sockets are found only through the /proc of other processes", {
  skip: needsSandbox,
}, async (t) => {
  const place = placeOf(t);
  const server = await sockets(place);
  t.after(() => server.close());
  assert.match(verdictOn(place, "live"), /"reason":\{"code":"live-socket"\}/);
  assert.match(verdictOn(place, "dead"), /"type":"removed"/);
  assert.match(verdictOn(place, "live", "", ["--net"]), /"code":"live-socket","detail":"pid \d+"/);
});

test("with ProtectProc=, dead sockets would stay", { skip: needsSandbox }, async (t) => {
  const place = placeOf(t);
  const server = await sockets(place);
  t.after(() => server.close());
  const hidden = "mount -t proc -o hidepid=ptraceable proc /proc";
  assert.match(verdictOn(place, "dead", hidden), /"type":"kept"/);
});

test("with ProcSubset=pid, lines with the boot ID would not apply", { skip: needsSandbox }, (t) => {
  const place = placeOf(t);
  writeFileSync(
    join(place.path, "conf/aged.conf"),
    `e ${place.aged}/%b - - - mM:1d\ne ${place.aged} - - - 1d\n`,
  );
  const command = '"$0" "$2" clean --dry-run 2>&1 || true';
  assert.doesNotMatch(inScene(place, command), /has no value/);
  assert.match(
    inScene(place, `mount -t proc -o subset=pid proc /proc; ${command}`),
    /%b \(Boot ID\) has no value/,
  );
});

test("PrivateUsers= and DynamicUser= could not remove files of other users", {
  skip: needsRoot || needsPrograms("setpriv"),
}, (t) => {
  for (const as of [["--user", "--map-root-user"], []]) {
    const place = placeOf(t);
    spawnSync("chown", ["-R", "12345:12345", place.aged]);
    const drop = as.length > 0 ? "" : "setpriv --reuid=54321 --regid=54321 --clear-groups";
    const enter = as.length > 0 ? `unshare ${as.join(" ")}` : "";
    inScene(place, `${enter} ${drop} "$0" "$2" clean --no-index || true`);
    assert.ok(existsSync(join(place.aged, "old")), as.join());
  }
});

/** PR_SET_MDWE is what MemoryDenyWriteExecute= sets, and more strict than its filter of system calls. */
const DENY_WRITE_EXECUTE = `#include <sys/prctl.h>
#include <unistd.h>
int main(int n, char **v) { return prctl(65, 1UL, 0UL, 0UL, 0UL) ? 77 : execv(v[1], v + 1); }`;

test("Node needs --jitless for MemoryDenyWriteExecute=", { skip: needsRoot || needsCompiler }, (t) => {
  const place = placeOf(t);
  writeFileSync(join(place.path, "deny.c"), DENY_WRITE_EXECUTE);
  const deny = join(place.path, "deny");
  assert.equal(spawnSync("cc", ["-o", deny, `${deny}.c`]).status, 0);
  const plain = spawnSync(deny, [NODE, "-e", "0"], { timeout: 60_000 });
  if (plain.status === 77) return t.skip("the kernel has no PR_SET_MDWE");
  assert.notEqual(plain.status, 0);
  inScene(place, `"${deny}" "$0" --jitless "$2" clean --no-index`);
  assert.ok(isCleaned(place));
});
