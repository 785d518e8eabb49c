import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { exitStatus, runPrivately as run, SetupError } from "#src/private-tmp/index.js";
import { makeScratch, removeScratch } from "../../scratch.js";
import {
  argumentsFor,
  directoriesOf,
  freshName,
  isRoot,
  mayfly,
  mountsOf,
  refused,
  spawnShell,
} from "./host.js";

const skip = { skip: refused };

/** Runs a shell script privately; it must leave nothing behind. */
function script(text: string, ...options: string[]) {
  const name = freshName();
  const result = mayfly(["run", "--name", name, ...options, "--", "sh", "-c", text]);
  assert.deepEqual(directoriesOf(name), [], result.stderr);
  assert.deepEqual(mountsOf(name), []);
  return result;
}

test("the command has an empty /tmp and /var/tmp, 1777, where what it writes is not the host's", skip, () => {
  for (const mode of ["connected", "disconnected"]) {
    const text =
      'stat -c %a /tmp /var/tmp; ls -A /tmp /var/tmp; echo x >"/tmp/$0"; cat "/tmp/$0"; ls -A /var/tmp';
    const { stdout, status, stderr } = script(text, "--mode", mode);
    assert.equal(stdout, "1777\n1777\n/tmp:\n\n/var/tmp:\nx\n", `${mode}: ${stderr}`);
    assert.equal(status, 0);
  }
});

test("nosuid and nodev are the default; noexec keeps a copied program from starting: 126", skip, () => {
  const { stdout } = script("grep -E ' (/tmp|/var/tmp) ' /proc/self/mountinfo");
  const rows = stdout.trim().split("\n");
  assert.equal(rows.length, 2);
  for (const row of rows) assert.match(row, / rw,nosuid,nodev,(?!.*noexec)/);
  const { status } = script("cp /bin/true /tmp/t; /tmp/t", "-o", "noexec");
  assert.equal(status, 126);
  assert.equal(script("cp /bin/true /tmp/t; /tmp/t", "-o", "noexec,exec").status, 0);
  assert.notEqual(script("touch /tmp/t", "-o", "ro").status, 0);
});

test("a tmpfs has the requested size, for /tmp and /var/tmp together", skip, () => {
  const text =
    "df --output=size -k /tmp /var/tmp | tail -n 2; head -c 3M /dev/zero >/tmp/a; head -c 3M /dev/zero >/var/tmp/b";
  const { stdout, status } = script(text, "--mode", "disconnected", "-o", "size=4M");
  assert.deepEqual(stdout.trim().split(/\s+/), ["4096", "4096"]);
  assert.notEqual(status, 0, "6 MiB fit into 4");
});

test(
  "from a working directory below /tmp and with an fd open on it, nothing of the host's is reached",
  skip,
  () => {
    const below = makeScratch("/tmp");
    mkdirSync(`${below}/inner`);
    writeFileSync(`${below}/secret`, "");
    const fd = openSync("/tmp", "r");
    try {
      const inherited = Array.from({ length: 41 }, (_, at) => (at < 3 ? "pipe" : at === 40 ? fd : "ignore"));
      const look = `pwd; echo "$PWD"; ls ..; ls; ls -a /proc/self/fd/40/ 2>&1; ls ${below} 2>&1; true`;
      const { stdout, status } = mayfly(["run", "--", "sh", "-c", look], {
        cwd: `${below}/inner`,
        stdio: inherited as ("pipe" | "ignore")[],
        env: { ...process.env, PWD: `${below}/inner` },
      });
      assert.equal(status, 0);
      assert.match(stdout, /^\/tmp\n\/tmp\n/);
      assert.doesNotMatch(stdout, /secret|inner/);
      assert.match(stdout, /fd\/40\/.*No such file/);
    } finally {
      closeSync(fd);
      removeScratch(below);
    }
  },
);

test("a directory as a standard stream is refused, since it leads out", skip, () => {
  const fd = openSync("/tmp", "r");
  try {
    const { status, stderr } = mayfly(["run", "--", "ls", "/proc/self/fd/0/"], {
      stdio: [fd, "pipe", "pipe"],
    });
    assert.equal(status, 125);
    assert.match(stderr, /file descriptor 0 is an open directory/);
  } finally {
    closeSync(fd);
  }
});

test(
  "no fd but the standard streams is inherited, and the soft limit of open files is the caller's",
  skip,
  () => {
    const list = "ls /proc/self/fd | tr '\\n' ' '; ulimit -Sn";
    const call = `ulimit -Sn 700; "$0" "$@"; true`;
    const { stdout } = spawnShell(call, [process.execPath, ...argumentsFor(list)]);
    assert.equal(stdout, "0 1 2 3 700\n", "3 is the listing's own");
  },
);

test("--pass-fds keeps the numbers of fds", skip, () => {
  const { stdout } = spawnShell('exec 7</etc/hostname 9</etc/passwd; "$0" "$@"', [
    process.execPath,
    ...argumentsFor("ls /proc/self/fd | tr '\\n' ' '; cmp /proc/self/fd/9 /etc/passwd", "--pass-fds=9"),
  ]);
  assert.equal(stdout, "0 1 2 3 9 ");
});

test("variables that point below /tmp are removed, and other hidden paths are reported", skip, () => {
  const socket = makeScratch("/tmp");
  try {
    const env = { ...process.env, TMPDIR: "/tmp/x", TEMP: "/tmp", TMP: "/var/tmp/y", SSH_AUTH_SOCK: socket };
    const command = ["run", "--", "sh", "-c", 'echo "$(printenv TMPDIR) $(printenv TEMP) $(printenv TMP)"'];
    const reported = mayfly(command, { env });
    assert.equal(reported.stdout, " /tmp \n");
    assert.match(reported.stderr, /SSH_AUTH_SOCK points to .*--expose/);
    assert.equal(mayfly(["run", "-q", ...command.slice(1)], { env }).stderr, "");
  } finally {
    removeScratch(socket);
  }
});

test("an exposed path is visible, and its siblings are not", skip, () => {
  const shown = makeScratch("/tmp");
  mkdirSync(`${shown}/a`, { mode: 0o711 });
  writeFileSync(`${shown}/a/agent`, "held out");
  writeFileSync(`${shown}/a/beside`, "");
  try {
    for (const mode of ["connected", "disconnected"]) {
      const text = `cat ${shown}/a/agent; echo; ls ${shown}/a; stat -c %a ${shown}/a`;
      const { stdout, stderr } = script(text, "--expose", `${shown}/a/agent`, "--mode", mode);
      assert.equal(stdout, "held out\nagent\n711\n", stderr);
    }
    const { status, stderr } = script("true", "--expose", "/etc/passwd");
    assert.equal(status, 125);
    assert.match(stderr, /only a path below/);
  } finally {
    removeScratch(shown);
  }
});

test(
  "unknown options, and options of another mode, give exit status 125 before anything is done",
  skip,
  () => {
    for (const options of [
      ["-o", "size=1M"],
      ["-o", "fast"],
      ["--mode", "half"],
      ["--name", "a/b"],
      ["--nonsense"],
    ]) {
      const { status, stderr } = mayfly(["run", ...options, "--", "touch", "/dev/null/x"]);
      assert.equal(status, 125, options.join(" "));
      assert.match(stderr, /^mayfly run: /);
    }
  },
);

test(
  "the library returns Node's own child process, and reports what happened to the directories",
  skip,
  async () => {
    const name = freshName();
    const running = await run(["sh", "-c", "echo inside >/tmp/f; cat /tmp/f; exit 42"], {
      name,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    running.child.stdout?.on("data", (chunk) => {
      said += chunk;
    });
    assert.equal(running.directories.length, 2);
    const ended = await running.ended;
    assert.equal(said, "inside\n");
    assert.equal(exitStatus(ended), 42);
    assert.equal(ended.release.outcome, "removed");
    assert.deepEqual(directoriesOf(name), []);
  },
);

test("the calling process stays outside", skip, async () => {
  const before = process.cwd();
  const running = await run(["true"], { stdio: "ignore" });
  assert.equal(process.cwd(), before);
  await running.ended;
  const elsewhere = run(["true"], { cwd: "/nonexistent", stdio: "ignore" });
  await assert.rejects(elsewhere, (error) => error instanceof SetupError);
  assert.equal(process.cwd(), before);
});

test("as root, the command can be another user without capabilities", {
  skip: isRoot ? refused : "needs root",
}, () => {
  const text = "id -u; id -G; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; touch /tmp/mine";
  const { stdout, status } = script(text, "--user", "nobody", "--drop-caps", "--no-new-privs");
  assert.equal(status, 0);
  assert.match(stdout, /^65534\n65534\nCapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1\n$/);
});
