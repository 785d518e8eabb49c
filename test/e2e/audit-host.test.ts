/** mayfly audit --host: planted defects are found, and a fresh Debian has none of high severity. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { auditAfter, type HostObject, WITHOUT_NAMESPACE } from "./host-namespace.js";
import { mayfly } from "./program.js";

const SAFE = "mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs";
const ETC =
  "mount -t tmpfs tmpfs /etc; mkdir /etc/tmpfiles.d /etc/cron.d; echo root:x:0:0::/:/bin/sh >/etc/passwd";
const SYSCTL = "echo 0 >/etc/zero; mount --bind /etc/zero /proc/sys/fs";
const OTHER = "setpriv --reuid=65534 --clear-groups";

const defects: readonly (readonly [name: string, script: string, rule: string, file: string])[] = [
  ...["symlinks", "hardlinks", "fifos", "regular"].map(
    (name) =>
      [
        `fs.protected_${name} is 0`,
        `${SYSCTL}/protected_${name}`,
        "HOST001",
        `/proc/sys/fs/protected_${name}`,
      ] as const,
  ),
  ["/tmp without nosuid and nodev", "mount -t tmpfs -o mode=1777 tmpfs /tmp", "HOST002", "/tmp"],
  ["/tmp without nodev", "mount -t tmpfs -o mode=1777,nosuid tmpfs /tmp", "HOST002", "/tmp"],
  ["/tmp without the sticky bit", "chmod 0777 /tmp", "HOST002", "/tmp"],
  ["/var/tmp of a user", `${SAFE} /var/tmp; chown 65534 /var/tmp`, "HOST002", "/var/tmp"],
  ["a directory for all in /tmp", "mkdir /tmp/all; chmod 0777 /tmp/all", "HOST002", "/tmp/all"],
  ["a file of a user that root reads", `${OTHER} touch /tmp/a; sleep 60 </tmp/a &`, "HOST003", "/tmp/a"],
  [
    "an invalid line of tmpfiles.d",
    "echo 'd /tmp/a 0777 root root 1x' >/etc/tmpfiles.d/a.conf",
    "HOST004",
    "/etc/tmpfiles.d/a.conf",
  ],
  [
    "two cleaners",
    "echo '0 1 * * * root tmpreaper 7d /tmp' >/etc/cron.d/a; echo '0 1 * * * root find /tmp -mtime +7 -delete' >/etc/cron.d/b",
    "HOST005",
    "/etc/cron.d/b",
  ],
];

const found = (objects: readonly HostObject[], rule: string, file: string): boolean =>
  objects.some((each) => each.rule === rule && each.file === file);

test("planted defects are found, and only these", { skip: WITHOUT_NAMESPACE }, () => {
  const clean = auditAfter(`${ETC}; ${SAFE} /var/tmp`);
  for (const [name, script, rule, file] of defects) {
    // Settings of the kernel are the host's own.
    if (rule !== "HOST001") assert.equal(found(clean, rule, file), false, `${name}: without it`);
    const objects = auditAfter(`${ETC}; ${SAFE} /var/tmp; ${script}`);
    assert.ok(found(objects, rule, file), name);
  }
});

test("private files and random names of root's processes are no findings", {
  skip: WITHOUT_NAMESPACE,
}, () => {
  const objects = auditAfter(`${ETC}; touch /tmp/own; ${OTHER} touch /tmp/tmp.aB3dE6gH9k; sleep 60 </tmp/own &
sleep 60 </tmp/tmp.aB3dE6gH9k &`);
  assert.deepEqual(
    objects.filter(({ rule }) => rule === "HOST003"),
    [],
  );
});

for (const release of ["bookworm", "trixie"]) {
  const root = join(homedir(), ".cache/mayfly/hosts", release);
  const skip = existsSync(join(root, "etc/debian_version"))
    ? false
    : "needs the root that test/hosts/hosts.sh makes";
  test(`an untouched Debian (${release}) has no finding of high severity`, { skip }, () => {
    for (const mode of ["--host", "--units"]) {
      const { status, stdout, stderr } = mayfly(["audit", mode, "--fail-on=error", "--root", root]);
      assert.equal(status, 0, stdout + stderr);
    }
  });
}
