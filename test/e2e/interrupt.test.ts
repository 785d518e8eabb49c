/** Termination signals during a run: it stops soon, reports what it did, and ends by the signal. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { has, MAYFLY, mayfly, Scratch } from "./program.js";

const OLD = new Date("2001-02-03T04:05:06Z");
/** Far more than fit into a pipe as lines of output: a run whose output is not read cannot end. */
const FILES = 20_000;

interface Old {
  readonly tree: string;
  readonly config: string;
}

function oldTree(scratch: Scratch): Old {
  const tree = join(scratch.path, "tree");
  const inner = join(tree, "inner");
  mkdirSync(inner, { recursive: true });
  for (let n = 0; n < FILES; n++) {
    const file = join(inner, `file-with-a-rather-long-name-${n}`);
    writeFileSync(file, "");
    utimesSync(file, OLD, OLD);
  }
  for (const directory of [inner, tree]) utimesSync(directory, OLD, OLD);
  const config = join(scratch.path, "old.conf");
  writeFileSync(config, `e ${tree} - - - amM:1d\n`);
  return { tree, config };
}

const filesIn = ({ tree }: Old): number => readdirSync(join(tree, "inner")).length;

/** Waits until the first files are gone: the run is in the middle of its work. */
async function underWay(old: Old): Promise<void> {
  for (let looks = 0; looks < 3000; looks++) {
    if (filesIn(old) < FILES) return;
    await sleep(20);
  }
  assert.fail("nothing was removed within a minute");
}

/** All that the child writes, and how it ends; nothing is read before this is called. */
async function outputOf(child: ChildProcess): Promise<{ text: string; signal: unknown; code: unknown }> {
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { text, signal, code };
}

function startClean(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [MAYFLY, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
}

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  test(`${signal} stops clean: it reports what it did, and the next run completes it`, async () => {
    using scratch = new Scratch();
    const old = oldTree(scratch);
    const child = startClean(["clean", "--no-index", "--verbose", old.config]);
    await underWay(old);
    child.kill(signal);
    const { text, signal: ended } = await outputOf(child);
    assert.equal(ended, signal);
    const left = filesIn(old);
    assert.ok(left > 0 && left < FILES, `${left} files left`);
    const [, removed = ""] =
      /^Interrupted(?: in [\d.]+ s)?: removed ([\d,]+) entries, .*\.$/m.exec(text) ?? [];
    assert.equal(Number(removed.replaceAll(",", "")), FILES - left);
    for (const directory of [old.tree, join(old.tree, "inner")])
      assert.deepEqual(statSync(directory).mtime, OLD, directory);
    assert.equal(mayfly(["clean", "--no-index", old.config]).status, 0);
    assert.deepEqual(readdirSync(old.tree), []);
  });
}

test("the drop-in stops in the same way", async () => {
  using scratch = new Scratch();
  const old = oldTree(scratch);
  const child = spawn(
    "sh",
    ["-c", 'exec "$0" "$@" 2>&1', process.execPath, MAYFLY, "tmpfiles", "--clean", old.config],
    {
      env: { PATH: process.env.PATH, SYSTEMD_LOG_LEVEL: "debug" },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 120_000,
      killSignal: "SIGKILL",
    },
  );
  await underWay(old);
  child.kill("SIGTERM");
  const { text, signal } = await outputOf(child);
  assert.equal(signal, "SIGTERM");
  assert.match(
    text,
    new RegExp(
      `^Interrupted: removed ${FILES - filesIn(old)} entries\\.$`.replace(/(\d+)(\d{3}) /, "$1,$2 "),
      "m",
    ),
  );
  assert.deepEqual(statSync(join(old.tree, "inner")).mtime, OLD);
});

test("JSON says that the run was interrupted", async () => {
  using scratch = new Scratch();
  const old = oldTree(scratch);
  const child = startClean(["clean", "--no-index", "--json", old.config]);
  await underWay(old);
  child.kill("SIGTERM");
  const { text, signal } = await outputOf(child);
  assert.equal(signal, "SIGTERM");
  const summary = JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as Record<string, unknown>;
  assert.equal(summary.type, "summary");
  assert.equal(summary.interrupted, true);
});

test("a second signal ends a program whose output is blocked", async () => {
  using scratch = new Scratch();
  const old = oldTree(scratch);
  const child = startClean(["clean", "--no-index", "--verbose", old.config]);
  await underWay(old);
  child.kill("SIGTERM");
  const ended = once(child, "exit");
  for (let tries = 0; tries < 600 && child.exitCode === null && child.signalCode === null; tries++) {
    await sleep(100);
    child.kill("SIGTERM");
  }
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  child.stdout?.destroy();
});

test("Ctrl-C on a terminal stops the run", {
  skip: has("python3") ? false : "python3 opens the terminal",
}, async () => {
  using scratch = new Scratch();
  const old = oldTree(scratch);
  // Opens a pseudo-terminal, reads nothing until a file is gone, types Ctrl-C, and prints how the program ended.
  const child = spawn(
    "python3",
    [
      "-c",
      TERMINAL,
      join(old.tree, "inner"),
      process.execPath,
      MAYFLY,
      "clean",
      "--no-index",
      "--verbose",
      old.config,
    ],
    {
      env: { PATH: process.env.PATH, TERM: "xterm" },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 120_000,
      killSignal: "SIGKILL",
    },
  );
  const { text } = await outputOf(child);
  assert.match(text, /Interrupted.*: removed [\d,]+ entries/);
  assert.match(text, /ended by 2\s*$/);
  assert.ok(filesIn(old) > 0);
});

const TERMINAL = `
import os, pty, sys, time
inner, program = sys.argv[1], sys.argv[2:]
before = len(os.listdir(inner))
pid, fd = pty.fork()
if pid == 0: os.execv(program[0], program)
for _ in range(3000):
    if len(os.listdir(inner)) < before: break
    time.sleep(0.02)
os.write(fd, b"\\x03")
while True:
    try: data = os.read(fd, 65536)
    except OSError: break
    if not data: break
    sys.stdout.buffer.write(data)
status = os.waitpid(pid, 0)[1]
print("ended by", os.WTERMSIG(status) if os.WIFSIGNALED(status) else -1)
`;
