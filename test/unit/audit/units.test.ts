/** The rules for units, in trees of hosts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Tree, unitFindingsOf, unitRules } from "./hosts.js";

/** A compiled program with these strings. */
const binary = (...strings: readonly string[]): string => `\x7fELF\0\0${strings.join("\0")}\0`;
const service = (...lines: readonly string[]): string => `[Service]\n${lines.join("\n")}\n`;
const EARLY = "[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\n";

const cases: readonly (readonly [name: string, files: Tree, rules: readonly string[]])[] = [
  [
    "a script that writes a fixed name",
    { "a.service": service("ExecStart=/usr/bin/a"), "usr/bin/a": "#!/bin/sh\necho > /tmp/a.state\n" },
    ["UNIT002"],
  ],
  [
    "a script that an interpreter starts",
    {
      "a.service": service("ExecStart=-/bin/sh -e /usr/share/a/run"),
      "usr/share/a/run": "#!/bin/sh\necho > /tmp/a\n",
    },
    ["UNIT002"],
  ],
  [
    "a script behind a wrapper and a symbolic link",
    {
      "a.service": service("ExecStart=/usr/bin/env A=1 /usr/bin/nice -n 5 a"),
      "usr/bin/a": "-> /usr/lib/a/a",
      "usr/lib/a/a": "#!/bin/sh\necho > /tmp/a\n",
    },
    ["UNIT002"],
  ],
  [
    "a compiled program with a fixed name",
    { "a.service": service("ExecStart=/usr/sbin/a"), "usr/sbin/a": binary("/tmp/a.%d.log") },
    ["UNIT002"],
  ],
  [
    "a compiled program with random names, prose and sockets of X",
    {
      "a.service": service("ExecStart=/usr/sbin/a"),
      "usr/sbin/a": binary(
        "/tmp/a.XXXXXX",
        "see /tmp/a for it",
        "/tmp/.X11-unix/X0",
        "/tmp/%s",
        "/tmp",
        "/tmp/",
      ),
    },
    [],
  ],
  ["no use of /tmp", { "a.service": service("ExecStart=/usr/sbin/a"), "usr/sbin/a": binary("/run/a") }, []],
  ["a program that is not installed", { "a.service": service("ExecStart=/usr/sbin/a") }, []],
  ["a redirection", { "a.service": service("ExecStart=/bin/sh -c 'date >>/tmp/a.log'") }, ["UNIT002"]],
  ["a path that is only read", { "a.service": service("ExecStart=/bin/sh -c 'test -e /tmp/a.log'") }, []],
  [
    "a path among the arguments",
    { "a.service": service("Type=oneshot", "ExecStart=/usr/sbin/a --log=/tmp/a.log") },
    ["UNIT002"],
  ],
  ...[
    "PrivateTmp=yes",
    "PrivateTmp=disconnected",
    "DynamicUser=1",
    "TemporaryFileSystem=/tmp:ro",
    "InaccessiblePaths=-/tmp",
    "ProtectSystem=strict",
    "RootDirectory=/srv/a",
  ].map(
    (line) =>
      [
        `a redirection with ${line}`,
        { "a.service": service(line, "ExecStart=/bin/sh -c 'date >/tmp/a.log'") },
        [],
      ] as const,
  ),
  [
    "ProtectSystem=strict with /tmp writable",
    {
      "a.service": service(
        "ProtectSystem=strict",
        "ReadWritePaths=/tmp",
        "ExecStart=/bin/sh -c 'date >/tmp/a'",
      ),
    },
    ["UNIT002"],
  ],
  [
    "PrivateTmp= in a drop-in file",
    {
      "a.service": service("ExecStart=/bin/sh -c 'date >/tmp/a'"),
      "etc/systemd/system/a.service.d/tmp.conf": service("PrivateTmp=true"),
    },
    [],
  ],
  [
    "a drop-in file that clears and replaces ExecStart=",
    {
      "a.service": service("ExecStart=/bin/true"),
      "etc/systemd/system/a.service.d/tmp.conf": service("ExecStart=", "ExecStart=/bin/sh -c 'date >/tmp/a'"),
    },
    ["UNIT002"],
  ],
  [
    "a unit that another directory overrides",
    {
      "a.service": service("ExecStart=/bin/sh -c 'date >/tmp/a'"),
      "etc/systemd/system/a.service": service("ExecStart=/bin/true"),
    },
    [],
  ],
  [
    "a masked unit",
    { "a.service": service("PIDFile=/tmp/a.pid"), "etc/systemd/system/a.service": "-> /dev/null" },
    [],
  ],
  [
    "an early service with mktemp",
    { "a.service": `${EARLY}${service("ExecStart=/bin/sh -c 'mktemp -p /tmp/'")}` },
    ["UNIT001"],
  ],
  [
    "an early service whose program uses mkdtemp",
    {
      "a.service": `${EARLY}${service("ExecStart=/usr/bin/a")}`,
      "usr/bin/a": "#!/usr/bin/python3\nimport tempfile\nd = tempfile.mkdtemp()\n",
    },
    ["UNIT001"],
  ],
  [
    "an early service after a unit with default dependencies",
    {
      "a.service": `${EARLY}After=b.service\n${service("ExecStart=/bin/sh -c 'mktemp -p /tmp/'")}`,
      "b.service": service("ExecStart=/bin/true"),
    },
    [],
  ],
  [
    "an early service after a unit that is early itself",
    {
      "a.service": `${EARLY}After=b.service\n${service("ExecStart=/bin/sh -c 'mktemp -p /tmp/'")}`,
      "b.service": `${EARLY}${service("ExecStart=/bin/true")}`,
    },
    ["UNIT001"],
  ],
  [
    "a service of the shutdown",
    {
      "a.service": `[Unit]\nDefaultDependencies=no\nBefore=shutdown.target\n${service("ExecStart=/bin/sh -c 'ls /tmp/'")}[Install]\nWantedBy=shutdown.target\n`,
    },
    [],
  ],
  [
    "a service of the initial RAM disk",
    {
      "a.service": `${EARLY}ConditionPathExists=/etc/initrd-release\n${service("ExecStart=/bin/sh -c 'ls /tmp/'")}`,
    },
    [],
  ],
  ["a PID file", { "a.service": service("PIDFile=/tmp/a.pid") }, ["UNIT003"]],
  ["a PID file in /run", { "a.service": service("PIDFile=/run/a.pid") }, []],
  ["a comment", { "a.service": service("#PIDFile=/tmp/a.pid", "; PIDFile=/tmp/a.pid") }, []],
  [
    "sockets",
    {
      "a.socket":
        "[Socket]\nListenStream=/var/tmp/a\nListenDatagram=/dev/shm/a\nListenFIFO=/tmp/a\nListenStream=80\n",
    },
    ["UNIT003", "UNIT003", "UNIT003"],
  ],
  [
    "long work in /var/tmp",
    { "a.service": service("Environment=TMPDIR=/var/tmp/a", "ExecStart=/bin/a") },
    ["UNIT004"],
  ],
  [
    "long work with an x line",
    {
      "a.service": service("WorkingDirectory=/var/tmp/a/b", "ExecStart=/bin/a"),
      "usr/lib/tmpfiles.d/tmp.conf": "q /var/tmp 1777 root root 30d\nx /var/tmp/a*\n",
    },
    [],
  ],
  [
    "long work with an X line, which keeps only the directory",
    {
      "a.service": service("WorkingDirectory=/var/tmp/a/b", "ExecStart=/bin/a"),
      "usr/lib/tmpfiles.d/tmp.conf": "q /var/tmp 1777 root root 30d\nX /var/tmp/a*\n",
    },
    ["UNIT004"],
  ],
  [
    "long work where nothing is cleaned by age",
    {
      "a.service": service("WorkingDirectory=/var/tmp/a", "ExecStart=/bin/a"),
      "usr/lib/tmpfiles.d/tmp.conf": "q /var/tmp 1777 root root -\n",
    },
    [],
  ],
  [
    "long work with a lock",
    { "a.service": service("WorkingDirectory=/var/tmp/a", "ExecStart=/bin/a"), "bin/a": binary("flock") },
    [],
  ],
  [
    "short work",
    { "a.service": service("Type=oneshot", "WorkingDirectory=/var/tmp/a", "ExecStart=/bin/a") },
    [],
  ],
  [
    "a suppression",
    { "a.service": service("# mayfly-ok UNIT003: single user", "PIDFile=/tmp/a.pid") },
    ["UNIT003"],
  ],
];

for (const [name, files, rules] of cases)
  test(`units: ${name}`, async () => assert.deepEqual(await unitRules(files), rules));

test("a finding has the file and line of the setting and of the evidence", async () => {
  const [found] = await unitFindingsOf({
    "a.service": "[Unit]\nDescription=A \\\n  b\n[Service]\nExecStart=/usr/bin/a\n",
    "usr/bin/a": "#!/bin/sh\nLOG=/tmp/a\necho > $LOG\n",
  });
  assert.match(found?.file ?? "", /a\.service$/);
  assert.deepEqual([found?.line, found?.column, found?.text], [5, 11, "ExecStart=/usr/bin/a"]);
  const [evidence] = found?.steps ?? [];
  assert.match(evidence?.file ?? "", /usr\/bin\/a$/);
  assert.equal(evidence?.line, 3);
});
