/** Paths that a private /tmp hides are reported with the option that shows them, and an exposed path is the requested one. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { makeScratch, removeScratch } from "../../scratch.js";
import { CLI, isRoot, mayfly, refused } from "./host.js";

const skip = { skip: refused };
const MODES = ["connected", "disconnected"];

function withFolder(act: (folder: string) => void): void {
  const folder = makeScratch("/tmp");
  try {
    act(folder);
  } finally {
    removeScratch(folder);
  }
}

function executable(path: string): void {
  writeFileSync(path, "#!/bin/sh\necho started\n");
  chmodSync(path, 0o755);
}

test("a hidden working directory is reported with the option that shows it", skip, () => {
  withFolder((folder) => {
    const cwd = `${folder}/two words`;
    mkdirSync(cwd);
    const plain = mayfly(["run", "--", "pwd"], { cwd });
    assert.equal(plain.stdout, "/tmp\n");
    assert.match(
      plain.stderr,
      /two words is hidden by the private \/tmp \(use --expose '\/tmp\/.*two words'\)/,
    );
    for (const path of [cwd, "."]) {
      const shown = mayfly(["run", "--expose", path, "--", "pwd"], { cwd });
      assert.equal(shown.stdout, `${cwd}\n`, shown.stderr);
      assert.equal(shown.stderr, "");
    }
    assert.equal(mayfly(["run", "-q", "--", "true"], { cwd }).stderr, "");
    assert.equal(mayfly(["run", "--", "true"], { cwd: "/tmp" }).stderr, "");
  });
});

test("a program hidden by the private /tmp is reported, with status 127", skip, () => {
  withFolder((folder) => {
    mkdirSync(`${folder}/bin`);
    executable(`${folder}/bin/hidden-tool`);
    const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH}` };
    for (const [command, cwd] of [
      [`${folder}/bin/hidden-tool`, "/"],
      ["./hidden-tool", `${folder}/bin`],
      ["hidden-tool", "/"],
    ] as const) {
      const hidden = mayfly(["run", "-q", "--", command], { env, cwd });
      assert.equal(hidden.status, 127, hidden.stderr);
      assert.equal(
        hidden.stderr,
        `mayfly run: ${command}: hidden by the private /tmp (use --expose ${folder}/bin)\n`,
      );
      const shown = mayfly(["run", "--expose", `${folder}/bin`, "--", command], { env, cwd });
      assert.equal(shown.stdout, "started\n", shown.stderr);
    }
  });
});

test("a command that cannot be started is reported escaped, with the reason", skip, () => {
  const bad = "no\x1b[2Jsuch";
  for (const options of [[], ["--no-new-privs"]]) {
    const missing = mayfly(["run", ...options, "--", bad], { cwd: "/" });
    assert.equal(missing.status, 127);
    assert.equal(missing.stderr, "mayfly run: no\\x1b[2Jsuch: command not found\n");
    const closed = mayfly(["run", ...options, "--", "/etc/passwd"], { cwd: "/" });
    assert.equal(closed.status, 126);
    assert.equal(closed.stderr, "mayfly run: /etc/passwd: Permission denied\n");
  }
});

test("a symlink is not exposed, wherever it is in the path", skip, () => {
  withFolder((folder) => {
    mkdirSync(`${folder}/real`);
    writeFileSync(`${folder}/real/file`, "");
    symlinkSync("/etc", `${folder}/absolute`);
    symlinkSync("real", `${folder}/relative`);
    symlinkSync("real/file", `${folder}/file`);
    symlinkSync("nowhere", `${folder}/dangling`);
    for (const mode of MODES) {
      for (const path of ["absolute", "relative", "file", "dangling", "relative/file", "absolute/passwd"]) {
        const args = ["run", "--mode", mode, "--expose", `${folder}/${path}`, "--", "echo", "ran"];
        const { status, stdout, stderr } = mayfly(args, { cwd: "/" });
        assert.equal(status, 125, path);
        assert.equal(stdout, "");
        assert.match(stderr, /cannot expose .*symlink/);
      }
    }
    const empty = mayfly(["run", "--expose", "", "--", "true"], { cwd: "/" });
    assert.equal(empty.status, 125);
    assert.match(empty.stderr, /is a variable unset/);
  });
});

test("while a path is swapped for a symlink, nothing else is ever exposed", skip, async () => {
  const folder = makeScratch("/tmp");
  const victim = makeScratch("/var/tmp");
  writeFileSync(`${victim}/secret`, "");
  mkdirSync(`${folder}/a`);
  symlinkSync(victim, `${folder}/link`);
  const swap = `
    const { renameSync } = require("node:fs");
    process.stdin.on("data", () => process.exit()).on("end", () => process.exit());
    const turn = () => {
      for (let n = 0; n < 100; n++) {
        renameSync("a", "away"); renameSync("link", "a"); renameSync("a", "link"); renameSync("away", "a");
      }
      setImmediate(turn);
    };
    turn(); console.log("swapping");`;
  const swapper = spawn(process.execPath, ["-e", swap], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  try {
    await once(swapper.stdout, "data");
    for (let attempt = 0; attempt < 12; attempt++) {
      const mode = MODES[attempt % 2] ?? "";
      const { stdout, status } = mayfly(
        ["run", "--mode", mode, "--expose", `${folder}/a`, "--", "ls", `${folder}/a`],
        {
          cwd: "/",
        },
      );
      assert.equal(stdout, "", `exposed the symlink's target (status ${status})`);
    }
  } finally {
    swapper.stdin.end();
    await once(swapper, "exit");
    removeScratch(folder);
    removeScratch(victim);
  }
});

const needsPlace = {
  skip:
    refused || (/^\/(var|tmp)\//.test(CLI) && "the project lies below /tmp or /var, which this test covers"),
};

test("/var/tmp may be a symlink to /tmp, and vice versa", needsPlace, () => {
  const before = isRoot ? ["-m"] : ["-U", "-m", "--map-root-user"];
  const cases = [
    "mkdir -m 1777 /tmp/deep; ln -s /tmp/deep /var/tmp",
    "ln -s /tmp /var/tmp",
    "mkdir -m 1777 /var/tmp /var/tmp/t; mount --bind /var/tmp/t /tmp",
  ];
  for (const script of cases) {
    for (const mode of MODES) {
      const look = `${process.execPath} ${CLI} run --mode ${mode} -- sh -c 'stat -Lc %a /tmp /var/tmp; ls -A /var/tmp/; echo x >/var/tmp/f; cat /var/tmp/f'`;
      const text = `
        mount -t tmpfs -o mode=1777 t /tmp
        mount -t tmpfs v /var; ${script}; cd /; ${look}; ls -A /tmp /var/tmp/`;
      const { stdout, stderr } = spawnSync("unshare", [...before, "sh", "-ec", text], { encoding: "utf8" });
      assert.match(stdout, /^1777\n1777\nx\n/, `${script}, ${mode}: ${stderr}`);
      assert.doesNotMatch(stdout, /mayfly-private|^f$/m);
    }
  }
});

test("the reason of the kernel or of mount is reported", skip, () => {
  const size = mayfly(["run", "--mode", "disconnected", "-o", "size=huge", "--", "true"], { cwd: "/" });
  assert.equal(size.status, 125);
  assert.match(size.stderr, /size|bad option/);
  assert.doesNotMatch(size.stderr, /dmesg/);
  const inodes = mayfly(["run", "--mode", "disconnected", "-o", "nr_inodes=1", "--", "true"], { cwd: "/" });
  assert.equal(inodes.status, 125);
  assert.match(inodes.stderr, /No space left on device/);
  assert.doesNotMatch(inodes.stderr, /[\x80-\xa0\xe2]/);
});

test("an unknown user or group, or a closed fd, gives exit status 125", skip, () => {
  for (const [options, words] of [
    [["-g", "nosuch"], /unknown group "nosuch"/],
    [["-u", "no\x1bsuch"], /unknown user "no\\x1bsuch"/],
    [["--pass-fds", "9"], /file descriptor 9 is not open/],
    [["--pass-fds", "x,3"], /"x": expected numbers/],
    [["--name", "12345"], /invalid name "12345"/],
  ] as const) {
    const { status, stdout, stderr } = mayfly(["run", ...options, "--", "echo", "ran"], { cwd: "/" });
    assert.equal(status, 125, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, words);
  }
});

test("$TMUX is only reported on a terminal or on request", skip, () => {
  withFolder((folder) => {
    const env = { ...process.env, TMUX: `${folder},1,2` };
    assert.equal(mayfly(["run", "--", "true"], { env, cwd: "/" }).stderr, "");
    const reported = mayfly(["run", "-v", "--", "true"], { env, cwd: "/" });
    assert.match(reported.stderr, /\$TMUX points to .*\(use --expose /);
  });
});
