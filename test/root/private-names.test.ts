/** An ordinary user takes a name that belongs to root: root's commands must not trust it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { endWithTest, firstOutput } from "../children.js";
import { makeScratch, removeScratch } from "../scratch.js";
import { CLI, directoriesOf, freshName, mayfly, needsRoot } from "../unit/private-tmp/host.js";

const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"];
const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim().replaceAll("-", "");
const leafOf = (name: string): string => `mayfly-private-${boot}-${name}-AAAAAA`;

const probe =
  needsRoot ||
  (spawnSync("setpriv", [...NOBODY, "unshare", "-Urm", "true"]).status === 0
    ? false
    : "an ordinary user has no user namespaces here");
const skip = { skip: probe };

/** A shell of the user nobody that has run the script, and waits until its standard input is closed. */
async function asNobody(script: string, ...before: string[]): Promise<ChildProcess> {
  const argv = [...NOBODY, ...before, "sh", "-ec", `${script}; echo ready; exec cat`];
  const child = endWithTest(spawn("setpriv", argv, { stdio: ["pipe", "pipe", "inherit"], cwd: "/" }));
  assert.match(await firstOutput(child), /ready/);
  return child;
}

async function leave(...children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) {
    child.stdin?.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

const IN_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"];
const squat = (name: string): string =>
  `mount -t tmpfs ${leafOf(name)} /tmp; mount -t tmpfs ${leafOf(name)} /var/tmp`;

/** A program that prints its user, in a directory of its own. */
function planted(): { path: string; folder: string } {
  const folder = makeScratch("/var");
  chmodSync(folder, 0o755);
  const path = `${folder}/id`;
  writeFileSync(path, "#!/bin/sh\necho planted; grep Uid: /proc/self/status; echo secret=$SECRET\n");
  chmodSync(path, 0o755);
  return { path, folder };
}

test("a name taken in another user's namespace means nothing to root", skip, async () => {
  const name = freshName();
  const { path, folder } = planted();
  const squatter = await asNobody(`${squat(name)}; mount --bind ${path} /usr/bin/id`, ...IN_NAMESPACE);
  try {
    for (const args of [
      ["enter", name, "--", "id"],
      ["run", "--join", name, "--", "true"],
      ["path", name],
      ["enter", leafOf(name), "--", "id"],
    ]) {
      const { status, stdout, stderr } = mayfly(args);
      assert.notEqual(status, 0, args.join(" "));
      assert.equal(stdout, "", args.join(" "));
      assert.match(stderr, /no private \/tmp of yours or root's is named/);
    }
    const listed = mayfly(["ps"])
      .stdout.split("\n")
      .filter((line) => line.startsWith(name));
    assert.equal(listed.length, 2);
    for (const line of listed) assert.match(line, / nobody /);
  } finally {
    await leave(squatter);
    removeScratch(folder);
  }
});

test("root's directory is found among planted ones of the same name", skip, async () => {
  const name = freshName();
  const root = spawn(process.execPath, [CLI, "run", "--name", name, "--", "sh", "-c", "echo ready; cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await firstOutput(endWithTest(root));
  const [real = ""] = directoriesOf(name);
  const other = (suffix: string): string => `/tmp/mayfly-private-${boot}-${name}-${suffix}`;
  const squatter = await asNobody(squat(name), ...IN_NAMESPACE);
  const locker = await asNobody(
    `mkfifo ${other("FIFO00")}; touch ${other("FILE00")}; ln -s /root ${other("LINK00")}
     mkdir -m 700 ${other("DIR000")}; mkdir ${other("DIR000")}/tmp; exec 9<${other("DIR000")}; flock -n 9`,
  );
  // By the real one's own name, in a place of the attacker's: mounts of it are not mounts of root's.
  const shower = await asNobody(
    `mount -t tmpfs x /mnt; mkdir -p /mnt/${real.split("/")[2]}/tmp
     mount --bind /mnt/${real.split("/")[2]}/tmp /tmp`,
    ...IN_NAMESPACE,
  );
  try {
    assert.equal(mayfly(["path", name]).stdout, `${real}/tmp\n`);
    const entered = mayfly(["enter", name, "--", "sh", "-c", "touch /tmp/f; id -u"]);
    assert.equal(entered.stdout, "0\n", entered.stderr);
    const joined = mayfly(["run", "--join", name, "--", "ls", "/tmp"]);
    assert.equal(joined.stdout, "f\n", joined.stderr);
    assert.equal(mayfly(["ps"]).status, 0);
    assert.equal(mayfly(["reap"]).status, 0);
  } finally {
    await leave(shower, squatter, root);
    for (const kind of ["FIFO00", "FILE00", "LINK00", "DIR000"])
      rmSync(other(kind), { recursive: true, force: true });
    await leave(locker);
  }
  assert.deepEqual(directoriesOf(name), []);
});

test("an abandoned directory is reaped among planted ones and mounts of the same name", skip, async () => {
  const name = freshName();
  const root = spawn(
    process.execPath,
    [CLI, "run", "--name", name, "--die-with-parent", "--", "sh", "-c", "echo ready; cat"],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  await firstOutput(endWithTest(root));
  root.kill("SIGKILL");
  await once(root, "exit");
  const [first = "", second = ""] = directoriesOf(name);
  const leaf = first.split("/").at(-1);
  rmSync(second, { recursive: true });
  symlinkSync("/root", second);
  const shower = await asNobody(
    `mount -t tmpfs x /mnt; mkdir -p /mnt/${leaf}/tmp; mount --bind /mnt/${leaf}/tmp /tmp`,
    ...IN_NAMESPACE,
  );
  try {
    for (let attempt = 0; attempt < 100 && directoriesOf(name).includes(first); attempt++) mayfly(["reap"]);
    assert.deepEqual(directoriesOf(name), [second]);
  } finally {
    await leave(shower);
    rmSync(second, { force: true });
  }
});

test(
  "another user's /tmp is entered by pid only, as that user, and the owner is reported",
  skip,
  async () => {
    const name = freshName();
    const { path, folder } = planted();
    const squatter = await asNobody(
      `${squat(name)}; mount --bind ${path} /usr/bin/id; mount --bind ${path} /usr/bin/setpriv`,
      ...IN_NAMESPACE,
    );
    const pid = `${squatter.pid}`;
    const env = { ...process.env, SECRET: "hidden" };
    try {
      for (const options of [[], ["--no-new-privs"], ["--drop-caps"], ["--user", "nobody"]]) {
        const { stdout, stderr } = mayfly(["enter", ...options, pid, "--", "id"], { env });
        assert.match(stdout, /^planted\nUid:\t65534\t65534\t65534\t65534\n/, stderr);
        assert.match(stderr, /belong to user nobody \(uid 65534\)/);
        if (!options.includes("--user")) assert.match(stdout, /secret=\n/);
      }
      const located = mayfly(["path", pid]);
      assert.equal(located.stdout, `/proc/${pid}/root/tmp\n`);
      assert.match(located.stderr, /belong to user nobody/);
      const joined = mayfly(["run", "--best-effort", "--join", pid, "--", "echo", "ran"]);
      assert.equal(joined.status, 125);
      assert.match(joined.stderr, /belong to user nobody/);
    } finally {
      await leave(squatter);
      removeScratch(folder);
    }
  },
);

test("a user cannot give the name of root's command to another namespace", skip, async () => {
  const name = freshName();
  const { path, folder } = planted();
  const script = `unshare -Urm sh -ec 'mount --bind ${path} /usr/bin/id; echo ready; exec cat'`;
  const child = spawn(
    process.execPath,
    [CLI, "run", "--name", name, "--mode", "disconnected", "--user", "nobody", "--", "sh", "-c", script],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  await firstOutput(endWithTest(child));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      const { stdout, stderr } = mayfly(["enter", name, "--", "id", "-u"]);
      assert.equal(stdout, "0\n", stderr);
    }
  } finally {
    await leave(child);
    removeScratch(folder);
  }
});

test(
  "ps of an ordinary user lists what this user's processes have, and nothing of root's",
  skip,
  async () => {
    const [roots, own] = [freshName(), freshName()];
    const script = "echo ready; exec cat";
    const privately = (name: string): string[] => [
      process.execPath,
      CLI,
      "run",
      ...["--name", name, "--", "sh", "-c", script],
    ];
    const options = { stdio: ["pipe", "pipe", "inherit"] as ["pipe", "pipe", "inherit"], cwd: "/" };
    const children = [privately(roots), ["setpriv", ...NOBODY, ...privately(own)]].map(
      ([command = "", ...args]) => endWithTest(spawn(command, args, options)),
    );
    try {
      for (const child of children) await firstOutput(child);
      const listed = (...before: string[]): string => {
        const [command = "", ...args] = [...before, process.execPath, CLI, "ps", "--json"];
        return spawnSync(command, args, { encoding: "utf8", cwd: "/" }).stdout;
      };
      const ofRoot = listed();
      assert.ok(ofRoot.includes(roots) && ofRoot.includes(own), ofRoot);
      const ofNobody = listed("setpriv", ...NOBODY);
      assert.ok(ofNobody.includes(own), ofNobody);
      assert.ok(!ofNobody.includes(roots), ofNobody);
    } finally {
      await leave(...children);
    }
  },
);
