import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { endWithTest } from "../children.js";
import { CLI, directoriesOf, freshName, mayfly, mountsOf, refused, until } from "../unit/private-tmp/host.js";

const skip = { skip: refused };
const MODES = ["connected", "disconnected"];

function assertNothingLeft(name: string): void {
  assert.deepEqual(directoriesOf(name), []);
  assert.deepEqual(mountsOf(name), []);
}

/** A script that runs with a private /tmp, after it has reported its start. */
async function begun(name: string, script: string, ...options: string[]) {
  const args = [CLI, "run", "--name", name, ...options, "--", "sh", "-c", script];
  const child = endWithTest(spawn(process.execPath, args, { stdio: "pipe" }));
  const said = await says(child, "ready");
  return { child, said };
}

/** The output of a process, after it has printed the word. */
async function says(child: ChildProcessWithoutNullStreams, word: string): Promise<() => string> {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  await until(`it says ${word}`, () => text.includes(word));
  return () => text;
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? child.signalCode;
}

test("the command's status is passed on: 0, 42, 126, 127, and 128 plus the signal", skip, () => {
  const cases: readonly (readonly [readonly string[], number])[] = [
    [["true"], 0],
    [["sh", "-c", "exit 42"], 42],
    [["/etc/passwd"], 126],
    [["/nonexistent/command"], 127],
    [["sh", "-c", "kill -KILL $$"], 137],
    [["sh", "-c", "kill -TERM $$"], 143],
  ];
  for (const mode of MODES) {
    for (const [command, status] of cases) {
      const name = freshName();
      const result = mayfly(["run", "--mode", mode, "--name", name, "--", ...command]);
      assert.equal(result.status, status, `${mode}: ${command.join(" ")}: ${result.stderr}`);
      assertNothingLeft(name);
    }
  }
});

test("signals reach the command, which may catch them", skip, async () => {
  for (const signal of ["TERM", "HUP", "USR1", "USR2", "INT", "QUIT"]) {
    const name = freshName();
    const script = `trap 'echo caught ${signal}; exit 7' ${signal}; echo ready; for n in $(seq 1500); do sleep 0.02; done`;
    const { child, said } = await begun(name, script);
    child.kill(`SIG${signal}` as NodeJS.Signals);
    assert.equal(await ended(child), 7, said());
    assert.match(said(), new RegExp(`caught ${signal}\n`));
    assert.doesNotMatch(said(), /Debugger/);
    assertNothingLeft(name);
  }
});

test("a command that does not catch it dies of the signal", skip, async () => {
  const name = freshName();
  const { child } = await begun(name, "echo ready; exec sleep 30");
  child.kill("SIGTERM");
  assert.equal(await ended(child), 143);
  assertNothingLeft(name);
});

test(
  "if mayfly is killed, the directory is listed, kept while a daemon lives, and reaped afterwards",
  skip,
  async () => {
    const name = freshName();
    const { child, said } = await begun(
      name,
      "setsid sleep 60 >/dev/null 2>&1 & echo pid=$!; echo ready; wait",
    );
    const daemon = Number(/pid=([0-9]+)/.exec(said())?.[1]);
    try {
      child.kill("SIGKILL");
      await ended(child);
      const own = listed().filter((each) => each.name === name);
      assert.deepEqual(
        own.map(({ state, hostPath }) => [state, hostPath]),
        directoriesOf(name).map((path) => ["in-use", `${path}/tmp`]),
      );
      assert.equal(own.length, 2);
      assert.ok(own.every(({ type }) => type === "private-tmp"));
      mayfly(["reap"]);
      assert.equal(directoriesOf(name).length, 2, "reaped under a living process");
    } finally {
      process.kill(daemon, "SIGKILL");
    }
    await until("the shell that waited has ended", () => stateOf(name) === "stale");
    assert.match(mayfly(["reap", "--dry-run"]).stdout, new RegExp(`would remove .*-${name}-`));
    assert.equal(directoriesOf(name).length, 2, "a dry run removed it");
    assert.match(mayfly(["reap"]).stdout, new RegExp(`removed /tmp/.*-${name}-`));
    assertNothingLeft(name);
  },
);

interface Listed {
  readonly type: string;
  readonly name: string;
  readonly state: string;
  readonly hostPath: string;
}

/** What `mayfly ps --json` prints: an object a line. */
function listed(): Listed[] {
  const lines = mayfly(["ps", "--json"]).stdout.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Listed);
}

function stateOf(name: string): string | undefined {
  return listed().find((each) => each.name === name)?.state;
}

test("with --die-with-parent the command is killed with mayfly", skip, async () => {
  const name = freshName();
  const { child } = await begun(name, "echo ready; exec sleep 60", "--die-with-parent");
  child.kill("SIGKILL");
  await ended(child);
  await until("the command has ended", () => stateOf(name) === "stale");
  mayfly(["reap"]);
  assertNothingLeft(name);
});

test("background processes keep the /tmp, or are ended with the command", skip, async () => {
  const name = freshName();
  const leave = "sleep 0.5 >/dev/null 2>&1 & echo left >/tmp/f";
  const left = mayfly(["run", "--name", name, "--", "sh", "-c", leave]);
  assert.equal(left.status, 0);
  assert.match(left.stderr, /still use .*mayfly reap/);
  assert.equal(directoriesOf(name).length, 2);
  await until("it has ended", () => stateOf(name) === "stale");
  mayfly(["reap"]);
  assertNothingLeft(name);
  for (const killMode of ["mixed", "all"]) {
    const killed = mayfly([
      "run",
      "--name",
      name,
      "--kill-mode",
      killMode,
      "--",
      "sh",
      "-c",
      "sleep 60 & exit 3",
    ]);
    assert.equal(killed.status, 3);
    assertNothingLeft(name);
  }
});

/** Runs a shell line on a terminal of its own, to type into. */
function onTerminal(line: string): ChildProcessWithoutNullStreams {
  return endWithTest(
    spawn("script", ["-qec", line, "/dev/null"], {
      stdio: "pipe",
      env: { ...process.env, SHELL: "/bin/sh" },
    }),
  );
}

const onPty = {
  skip: refused || (spawnSync("script", ["--version"]).status === 0 ? false : "needs util-linux's script"),
};
const own = (name: string, script: string): string =>
  `${process.execPath} ${CLI} run --name ${name} -- sh -c '${script}'`;

test("Ctrl-C on a terminal reaches the command exactly once", onPty, async () => {
  const name = freshName();
  const count = 'n=0; trap "n=\\$((n+1))" INT; echo ready; sleep 1; sleep 0.3; echo caught=$n; exit 9';
  const terminal = onTerminal(`trap : INT; ${own(name, count)}; echo status=$?`);
  const said = await says(terminal, "ready");
  terminal.stdin.write("\x03");
  await until("it ends", () => /status=/.test(said()));
  assert.match(said(), /caught=1\r?\n/);
  assert.match(said(), /status=9\r?\n/);
  terminal.stdin.end();
  await ended(terminal);
  assertNothingLeft(name);
});

test("Ctrl-C on a terminal ends a command that does not catch it: 130", onPty, async () => {
  const name = freshName();
  const terminal = onTerminal(`trap : INT; ${own(name, "echo ready; exec sleep 60")}; echo status=$?`);
  const said = await says(terminal, "ready");
  terminal.stdin.write("\x03");
  await until("it ends", () => /status=130/.test(said()));
  terminal.stdin.end();
  await ended(terminal);
  assertNothingLeft(name);
});

test("Ctrl-Z stops the job, and fg continues it", onPty, async () => {
  const name = freshName();
  const terminal = onTerminal("PS1='$ ' bash --norc -i");
  const said = await says(terminal, "$");
  terminal.stdin.write(
    `${own(name, 'echo re""ady; read line; echo got=\\$line; exit 5').replaceAll("\\$", "$")}\n`,
  );
  await until("it runs", () => /ready\r?\n/.test(said()));
  terminal.stdin.write("\x1a");
  await until("it is stopped", () => /Stopped/.test(said()));
  terminal.stdin.write("fg\n");
  await until(
    "it is the foreground again",
    () => said().split("Stopped")[1]?.includes("run --name") === true,
  );
  terminal.stdin.write("hello\n");
  await until("it reads on", () => /got=hello/.test(said()));
  terminal.stdin.write("echo status=$?\nexit\n");
  await until("it ends", () => /status=5/.test(said()));
  terminal.stdin.end();
  await ended(terminal);
  assertNothingLeft(name);
});

test("a closed terminal leaves nothing that reap does not remove", onPty, async () => {
  const name = freshName();
  const terminal = onTerminal(own(name, "echo ready; exec sleep 60"));
  await says(terminal, "ready");
  terminal.kill("SIGKILL");
  await ended(terminal);
  await until("the hangup has ended it", () => stateOf(name) !== "in-use");
  mayfly(["reap"]);
  assertNothingLeft(name);
});

test("a line is printed even if there is nothing to list or remove", skip, () => {
  const script = `mount -t tmpfs a /tmp; mount -t tmpfs b /var/tmp; "$@" ps; "$@" reap`;
  const options = process.geteuid?.() === 0 ? ["-m"] : ["-U", "-m", "--map-root-user"];
  const { stdout } = spawnSync("unshare", [...options, "sh", "-ec", script, "sh", process.execPath, CLI], {
    encoding: "utf8",
    cwd: "/",
  });
  assert.match(stdout, /^NAME +OWNER +TARGET /);
  if (!/\n.*\n.*\n/.test(stdout)) assert.match(stdout, /\nNothing to remove\.\n$/);
});
