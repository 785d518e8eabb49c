import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import {
  exitStatus,
  type PrivateRunOptions,
  runPrivately as run,
  SetupError,
} from "#src/private-tmp/index.js";
import { endWithTest, firstOutput } from "../children.js";
import { cannotBeNobody, NOBODY } from "../ordinary-user.js";
import { kill } from "../runner/processes.js";
import {
  CLI,
  directoriesOf,
  freshName,
  isRoot,
  mayfly,
  mountsOf,
  refused,
  until,
} from "../unit/private-tmp/host.js";

const skip = { skip: refused };
const MODES = ["connected", "disconnected"] as const;

/** A command that stays until its standard input is closed. */
async function resident(options: PrivateRunOptions) {
  const running = await run(["cat"], { ...options, stdio: ["pipe", "ignore", "inherit"] });
  endWithTest(running.child);
  const leave = async () => {
    running.child.stdin?.end();
    return running.ended;
  };
  return { running, leave };
}

function inside(name: string, script: string) {
  return mayfly(["run", "--join", name, "--", "sh", "-c", script]);
}

test("two commands share one private /tmp; the first exit keeps it, the last removes it", skip, async () => {
  for (const mode of MODES) {
    const name = freshName();
    const first = await resident({ name, mode });
    assert.equal(inside(name, "echo from-second >/tmp/f; echo two >/var/tmp/g").status, 0);
    const second = await resident({ join: name });
    await first.leave();
    const read = inside(name, "cat /tmp/f /var/tmp/g");
    assert.equal(read.stdout, "from-second\ntwo\n", `${mode}: ${read.stderr}`);
    if (mode === "connected") assert.equal(directoriesOf(name).length, 2);
    await second.leave();
    assert.deepEqual(directoriesOf(name), []);
    assert.deepEqual(mountsOf(name), []);
    assert.equal(inside(name, "true").status, 125, "joined what is gone");
  }
});

test("a process is joined by its pid, and keeps its own options", skip, async () => {
  for (const mode of MODES) {
    const { running, leave } = await resident({ name: freshName(), mode });
    const text = "cp /bin/true /tmp/t; /tmp/t";
    const options = mode === "connected" || isRoot ? ["-o", "noexec"] : [];
    const joined = mayfly(["run", ...options, "--join", `${running.pid}`, "--", "sh", "-c", text]);
    assert.equal(joined.status, options.length > 0 ? 126 : 0, `${mode}: ${joined.stderr}`);
    assert.equal(mayfly(["run", "--join", `${running.pid}`, "--", "/tmp/t"]).status, 0);
    await leave();
  }
});

test("an ambiguous name is refused, and the candidates are listed", skip, async () => {
  const name = freshName();
  const one = await resident({ name });
  const two = await resident({ name, mode: "disconnected" });
  const { status, stderr } = inside(name, "true");
  assert.equal(status, 125);
  const [, reported] = new RegExp(`(${name}-[A-Za-z0-9]{6}), ${name}-`).exec(stderr) ?? [];
  assert.equal(inside(reported ?? "", "true").status, 0, stderr);
  await one.leave();
  await two.leave();
});

test("enter sees what the process sees, and removes nothing", skip, async () => {
  for (const mode of MODES) {
    const name = freshName();
    const { running, leave } = await resident({ name, mode });
    assert.equal(mayfly(["enter", name, "--", "sh", "-c", "echo here >/tmp/f; exit 7"]).status, 7);
    const seen = mayfly(["enter", `${running.pid}`, "cat", "/tmp/f"]);
    assert.equal(seen.stdout, "here\n", `${mode}: ${seen.stderr}`);
    assert.equal(mayfly(["enter", name, "--", "/nonexistent"]).status, 127);
    const path = mayfly(["path", name]).stdout.trim();
    assert.match(
      path,
      mode === "connected" ? new RegExp(`^/tmp/mayfly-private-.*-${name}-`) : /^\/proc\/\d+\/root\/tmp$/,
    );
    await leave();
    assert.equal(mayfly(["enter", name, "true"]).status, 125);
    assert.deepEqual(directoriesOf(name), []);
  }
});

test("40 simultaneous joins and exits lose nothing and leave nothing", skip, async () => {
  const name = freshName();
  const first = await resident({ name });
  const written: string[] = [];
  const joiner = async (index: number): Promise<void> => {
    const running = await run(["sh", "-c", `echo ${index} >/tmp/f${index}; cat /tmp/f${index} >/dev/null`], {
      join: name,
      stdio: "ignore",
    });
    assert.equal(exitStatus(await running.ended), 0);
    written.push(`f${index}`);
  };
  await Promise.all(Array.from({ length: 40 }, (_, index) => joiner(index)));
  const { stdout } = inside(name, "ls /tmp");
  assert.deepEqual(stdout.trim().split("\n").sort(), written.sort());
  await first.leave();
  assert.deepEqual(directoriesOf(name), []);
});

test("a join during the last exit gets the whole directory or an error", skip, async () => {
  const name = freshName();
  const outcomes = { joined: 0, gone: 0 };
  let others: Promise<unknown>[] = [];
  const first = await run(["sh", "-c", "echo kept >/tmp/f; echo kept >/var/tmp/f; sleep 0.05"], {
    name,
    stdio: "ignore",
  });
  const join = async (): Promise<void> => {
    try {
      const running = await run(["sh", "-c", "cat /tmp/f /var/tmp/f >/dev/null; sleep 0.01"], {
        join: name,
        stdio: "ignore",
      });
      assert.equal(exitStatus(await running.ended), 0, "joined, and something was missing");
      outcomes.joined++;
    } catch (error) {
      assert.ok(error instanceof SetupError && error.code === "NOT_FOUND", `${error}`);
      outcomes.gone++;
    }
  };
  for (let wave = 0; wave < 8; wave++) {
    others = [...others, ...Array.from({ length: 5 }, join)];
    await new Promise((wake) => setTimeout(wake, 15));
  }
  await Promise.all([first.ended, ...others]);
  assert.equal(outcomes.joined + outcomes.gone, 40);
  assert.deepEqual(directoriesOf(name), []);
});

test("a background process keeps the directories, although no process holds the lock", skip, async (t) => {
  const name = freshName();
  const first = await resident({ name });
  const joiner = spawn(
    process.execPath,
    [CLI, "run", "--join", name, "--", "sh", "-c", "sleep 60 & echo $!"],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const daemon = Number(await firstOutput(joiner));
  t.after(() => kill(daemon));
  await once(joiner, "exit");
  await first.leave();
  assert.equal(directoriesOf(name).length, 2);
  kill(daemon);
  await until("reap takes it", () => {
    mayfly(["reap"]);
    return directoriesOf(name).length === 0;
  });
});

test("an ordinary user who names a private /tmp of root's is told whose it is", {
  skip: refused || cannotBeNobody,
}, async () => {
  const name = freshName();
  const { leave } = await resident({ name });
  for (const args of [
    ["run", "--join", name, "--", "true"],
    ["enter", name, "true"],
  ]) {
    const options = { uid: NOBODY, gid: NOBODY, encoding: "utf8" as const, cwd: "/" };
    const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], options);
    assert.equal(status, 125);
    assert.match(
      stderr,
      new RegExp(`^mayfly \\w+: cannot (join|enter) .*${name}.*: it belongs to user root \\(uid 0\\)\n$`),
    );
  }
  await leave();
});
