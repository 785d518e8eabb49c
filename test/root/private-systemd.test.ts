import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { makeScratch, removeScratch } from "../scratch.js";
import { CLI, freshName, hidesTmp } from "../unit/private-tmp/host.js";

const SYSTEMD = "/usr/lib/systemd/systemd";
const missing = hidesTmp || (existsSync(SYSTEMD) ? false : `needs ${SYSTEMD}, of the package systemd`);
if (typeof missing === "string") process.stderr.write(`\nNOT SHOWN with a real systemd: ${missing}\n\n`);

const UNITS: Readonly<Record<string, string>> = {
  "alpha.service": "",
  "beta.service": "JoinsNamespaceOf=alpha.service\nAfter=alpha.service\n",
  "gamma.service": "",
};

function writeUnits(folder: string): void {
  for (const [name, more] of Object.entries(UNITS)) {
    const service = "[Service]\nExecStart=/bin/sleep 1000\nPrivateTmp=yes\n";
    writeFileSync(`${folder}/${name}`, `[Unit]\nDefaultDependencies=no\n${more}${service}`);
  }
  const wanted = `[Unit]\nDefaultDependencies=no\nWants=${Object.keys(UNITS).join(" ")}\n`;
  writeFileSync(`${folder}/default.target`, wanted);
}

/** A systemd as PID 1 of namespaces of its own, seen from outside of its PID namespace; prints what ps and path say. */
function script(units: string, group: string): string {
  const cli = `${process.execPath} ${CLI}`;
  const environment = `container=mayfly-test SYSTEMD_UNIT_PATH=${units} SYSTEMD_GENERATOR_PATH=/nonexistent`;
  return `
    mount -t tmpfs a /tmp; mount -t tmpfs b /var/tmp; mount -t tmpfs c /run
    mount -t cgroup2 none /sys/fs/cgroup; mkdir /sys/fs/cgroup/${group}
    (echo 0 >/sys/fs/cgroup/${group}/cgroup.procs
     exec unshare --cgroup --pid --mount --fork --kill-child --mount-proc sh -c '
       umount /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup
       exec env -i ${environment} ${SYSTEMD} --system' >/run/log 2>&1) &
    manager=$!
    for n in $(seq 100); do
      test $(ls -d /tmp/systemd-private-* 2>/dev/null | wc -l) = 2 && ${cli} ps --json >/run/ps
      grep -q beta.service /run/ps 2>/dev/null && grep -q gamma.service /run/ps && break
      sleep 0.1
    done
    cat /run/ps || cat /run/log
    ${cli} reap -v >&2
    kill -KILL $manager; wait $manager || true
    for n in $(seq 100); do find /sys/fs/cgroup/${group} -depth -type d -exec rmdir {} + 2>/dev/null && break; sleep 0.1; done`;
}

interface Listed {
  readonly name: string;
  readonly maker: string;
  readonly mode: string;
  readonly target: string;
  readonly state: string;
  readonly hostPath: string | null;
  readonly units: readonly string[];
  readonly processes: readonly { readonly unit: string; readonly command: string }[];
}

test("the main process of a systemd unit is mapped to its directory, also if units share it", {
  skip: missing,
}, () => {
  const units = makeScratch("/var");
  const group = `mayfly-${freshName()}`;
  writeUnits(units);
  try {
    const { stdout, stderr, status } = spawnSync(
      "unshare",
      ["--mount", "--propagation", "private", "sh", "-ec", script(units, group)],
      { encoding: "utf8", timeout: 60_000 },
    );
    assert.equal(status, 0, stderr);
    const all = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Listed)
      .filter(({ maker }) => maker === "systemd");
    const found = all.map((each) => [
      each.name,
      each.target,
      each.state,
      each.processes.map(({ unit }) => unit),
    ]);
    const both = ["alpha.service", "beta.service"];
    assert.deepEqual(found, [
      ["alpha.service", "/tmp", "in-use", both],
      ["alpha.service", "/var/tmp", "in-use", both],
      ["gamma.service", "/tmp", "in-use", ["gamma.service"]],
      ["gamma.service", "/var/tmp", "in-use", ["gamma.service"]],
    ]);
    for (const { hostPath, target, name } of all) {
      assert.match(hostPath ?? "", new RegExp(`^${target}/systemd-private-[0-9a-f]{32}-${name}-\\w{6}/tmp$`));
    }
  } finally {
    removeScratch(units);
  }
});
