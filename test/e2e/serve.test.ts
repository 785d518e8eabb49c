/** `mayfly serve`: what it does at start, on schedule and on signals. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { Fd, flock, LOCK_EX, LOCK_NB, O_DIRECTORY, O_RDONLY, openat } from "#src/sys/files.js";
import { until } from "../children.js";
import { isRoot, mayfly, Scratch } from "./program.js";
import { ServeProcess } from "./serve-process.js";

const OLD = new Date("2020-01-01T00:00:00Z");

interface Place extends Disposable {
  readonly path: string;
  readonly state: string;
  readonly tree: string;
  /** Cleans `tree` by modification time, and nothing else. */
  readonly args: readonly string[];
  old(name: string): void;
}

function place(): Place {
  const scratch = new Scratch();
  const [state, tree] = [join(scratch.path, "state"), join(scratch.path, "tree")];
  mkdirSync(tree);
  return {
    path: scratch.path,
    state,
    tree,
    args: ["--state-dir", state, "--inline", `d ${tree} - - - mM:1d`, "--settle", "0", "--jitter", "0"],
    old(name) {
      writeFileSync(join(tree, name), "");
      utimesSync(join(tree, name), OLD, OLD);
    },
    [Symbol.dispose]: () => scratch[Symbol.dispose](),
  };
}

test("creates at start, cleans what is due, and ends with status 0 on SIGTERM", async () => {
  using at = place();
  at.old("old");
  writeFileSync(join(at.tree, "new"), "");
  const made = join(at.path, "made");
  const serve = new ServeProcess([...at.args, "--inline", `d ${made} 0750`]);
  await serve.logs("Next run: ");
  assert.deepEqual(readdirSync(at.tree), ["new"]);
  assert.equal(statSync(made).mode & 0o7777, 0o750);
  assert.equal(await serve.end("SIGTERM"), 0);
  assert.match(
    serve.output,
    /^Started\ncreate: done in .*\nclean: removed 1 entry, .*\nNext run: .*\nStopping \(SIGTERM\)\n$/,
  );
});

test("a start after a success does not clean again, and --once does so only if a run is due", async () => {
  using at = place();
  const first = new ServeProcess(at.args);
  await first.logs("Next run: ");
  assert.equal(await first.end("SIGINT"), 0);
  at.old("old");
  const second = new ServeProcess(at.args);
  await second.logs("Next run: ");
  await second.end("SIGTERM");
  const once = mayfly(["serve", "--once", ...at.args]);
  assert.equal(once.status, 0);
  assert.deepEqual(readdirSync(at.tree), ["old"]);
  assert.equal(mayfly(["serve", "--once", ...at.args, "--every", "1ms"]).status, 0);
  assert.deepEqual(readdirSync(at.tree), []);
  at.old("old");
  assert.equal(mayfly(["serve", "--once", "--now", ...at.args]).status, 0);
  assert.deepEqual(readdirSync(at.tree), []);
});

test("runs every so often, one at a time", async () => {
  using at = place();
  const serve = new ServeProcess([...at.args, "--every", "20ms", "--verbose"]);
  await serve.logs("Running: clean", 5);
  at.old("old");
  await until("it is removed", () => readdirSync(at.tree).length === 0);
  await serve.end("SIGTERM");
  const steps = serve.output.match(/Running: clean|clean: removed/g) ?? [];
  assert.ok(steps.every((step, index) => step === (index % 2 === 0 ? "Running: clean" : "clean: removed")));
});

test("a calendar expression names the next run, and one that is not valid is an error", () => {
  using at = place();
  const next = mayfly(["serve", "--once", ...at.args, "--calendar", "30 3 * * *"]);
  assert.match(next.stderr, /^Next run: \d{4}-\d\d-\d\d 03:30:00\n$/);
  const bad = mayfly(["serve", "--once", ...at.args, "--calendar", "30 25 * * *"]);
  assert.equal(bad.status, 64);
  assert.match(bad.stderr, /option '--calendar': '30 25 \* \* \*' is not a valid calendar expression/);
});

test("SIGUSR1 cleans now, SIGHUP reads the configuration again, SIGUSR2 switches the log level", async () => {
  using at = place();
  const conf = join(at.path, "app.conf");
  writeFileSync(conf, `d ${at.tree} - - - mM:1d\n`);
  const args = ["--state-dir", at.state, "--config", conf, "--settle", "0", "--jitter", "0"];
  const serve = new ServeProcess(args);
  await serve.logs("Next run: ");
  at.old("old");
  serve.signal("SIGUSR1");
  await serve.logs("clean: removed 1 entry");
  const made = join(at.path, "made");
  writeFileSync(conf, `d ${at.tree} - - - mM:1d\nd ${made}\nnot a line\n`);
  serve.signal("SIGHUP");
  await serve.logs("app.conf:3: error: ");
  await until("it is created", () => existsSync(made));
  serve.signal("SIGUSR2");
  await serve.logs("Log level: debug");
  at.old("other");
  serve.signal("SIGUSR1");
  await serve.logs(/removed .*tree\/other/);
  serve.signal("SIGUSR2");
  await serve.logs("Log level: info");
  assert.equal(await serve.end("SIGTERM"), 0);
});

test("one process at a time uses a state directory", async () => {
  using at = place();
  const serve = new ServeProcess(at.args);
  await serve.logs("Next run: ");
  const second = mayfly(["serve", ...at.args]);
  assert.equal(second.status, 1);
  assert.equal(
    second.stderr,
    `mayfly serve: another 'mayfly serve' is running: it has the lock on '${at.state}'\n`,
  );
  await serve.end("SIGKILL");
  assert.equal(mayfly(["serve", "--once", ...at.args]).status, 0);
});

test("a broken stamp is ignored with a warning", async () => {
  using at = place();
  mkdirSync(at.state, { mode: 0o700 });
  writeFileSync(join(at.state, "stamp"), '{"version":1,');
  at.old("old");
  const { status, stderr } = mayfly(["serve", "--once", ...at.args]);
  assert.equal(status, 0);
  assert.match(stderr, /^the stamp of the last run is not valid, and is ignored/);
  assert.deepEqual(readdirSync(at.tree), []);
});

test("a state directory that others can write to is refused; without --state-dir a missing one is reported", () => {
  using at = place();
  mkdirSync(at.state);
  chmodSync(at.state, 0o777);
  const refused = mayfly(["serve", "--once", ...at.args]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /cannot be the state directory/);
  chmodSync(at.state, 0o700);
  const inFile = join(at.path, "file");
  writeFileSync(inFile, "");
  const without = mayfly(["serve", "--once", ...at.args.slice(2)], {
    env: { STATE_DIRECTORY: join(inFile, "state") },
  });
  assert.equal(without.status, 0);
  assert.match(without.stderr, /^no state is kept: .*use --state-dir\n/);
});

test("a run that cannot load its configuration stays due", () => {
  using at = place();
  const args = [
    "--state-dir",
    at.state,
    "--config",
    join(at.path, "missing.conf"),
    "--settle",
    "0",
    "--jitter",
    "0",
  ];
  for (let attempt = 0; attempt < 2; attempt++) {
    const { status, stderr } = mayfly(["serve", "--once", ...args]);
    assert.equal(status, 1);
    assert.match(stderr, /missing\.conf/);
  }
});

test("an invalid command line is status 64", () => {
  for (const [args, message] of [
    [["--every", "soon"], /option '--every' expects a time span/],
    [["--every", "0"], /at least 1ms/],
    [["--every", "1d", "--calendar", "@daily"], /cannot be combined/],
    [["--config", "a.conf", "--inline", "d /x"], /cannot be combined/],
    [["--user", "--root", "/"], /cannot be combined/],
    [["--no-state", "--state-dir", "/x"], /cannot be combined/],
    [["--once", "--", "true"], /cannot be combined with a COMMAND/],
    [["--grace", "1s"], /requires a COMMAND/],
    [["--at-start", "always"], /at-start/],
  ] as const) {
    const { status, stderr } = mayfly(["serve", ...args]);
    assert.equal(status, 64, stderr);
    assert.match(stderr, message);
  }
});

test("--at-start=none creates nothing, and --at-start=boot also applies lines marked with !", async () => {
  using at = place();
  const made = join(at.path, "made");
  const gone = join(at.path, "gone");
  for (const [what, isMade, isGone] of [
    ["none", false, false],
    ["create", false, false],
    ["boot", true, true],
  ] as const) {
    mkdirSync(gone, { recursive: true });
    const serve = new ServeProcess([
      ...at.args,
      "--at-start",
      what,
      "--inline",
      `d! ${made}`,
      "--inline",
      `R! ${gone}`,
    ]);
    await serve.logs("Next run: ");
    await serve.end("SIGTERM");
    assert.deepEqual([existsSync(made), !existsSync(gone)], [isMade, isGone], what);
  }
});

/** Old files in old directories, each of whose times a run changes and puts back. */
const ENTRIES = Number(process.env.ENTRIES ?? 5_000);
const PER_DIRECTORY = 500;

test("SIGTERM in the middle of a run: directories have their times, and no lock is left", async () => {
  using at = place();
  const directories = Array.from({ length: ENTRIES / PER_DIRECTORY }, (_, index) =>
    join(at.tree, `d${index}`),
  );
  for (const directory of directories) {
    mkdirSync(directory);
    for (let file = 0; file < PER_DIRECTORY; file++) at.old(join(directory.slice(at.tree.length), `${file}`));
    // Too new to go itself, and not what a removal would set.
    utimesSync(directory, new Date(), new Date(Date.now() - 3_600_000));
  }
  const before = directories.map((directory) => statSync(directory).mtimeMs);
  const left = (): number => directories.reduce((sum, directory) => sum + readdirSync(directory).length, 0);
  const serve = new ServeProcess([...at.args, "--at-start", "none"]);
  const first = directories.map((directory) => readdirSync(directory).length);
  await until("the run has begun", () =>
    directories.some((directory, index) => readdirSync(directory).length < (first[index] ?? 0)),
  );
  const asked = performance.now();
  const status = await serve.end("SIGTERM");
  const took = Math.round(performance.now() - asked);
  console.log(`# ended ${took} ms after SIGTERM; ${left()} of ${ENTRIES} entries are left`);
  assert.equal(status, 0);
  assert.match(serve.output, /Stopping \(SIGTERM\)/);
  assert.deepEqual(
    directories.map((directory) => statSync(directory).mtimeMs),
    before,
  );
  for (const directory of directories) {
    using fd = openat(Fd.cwd, bytes(directory), O_RDONLY | O_DIRECTORY);
    assert.ok(flock(fd, LOCK_EX | LOCK_NB), directory);
  }
  // An interrupted run does not count: the next start goes on.
  if (/interrupted/.test(serve.output)) {
    assert.equal(mayfly(["serve", "--once", ...at.args]).status, 0);
    assert.equal(left(), 0);
  }
});

const KILLS = Number(process.env.KILLS ?? 5);

/** The records of past runs: each line is whole. */
function runsOf(state: string): { readonly run: string }[] {
  const lines = readFileSync(join(state, "runs"), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

test("after a SIGKILL at any moment the next start is well, and nothing is half-made", async () => {
  using at = place();
  const made = join(at.path, "made");
  const args = [...at.args, "--every", "1ms", "--inline", `f ${made} 0640 - - - ${"content".repeat(50)}`];
  for (let kill = 0; kill < KILLS; kill++) {
    rmSync(made, { force: true });
    const serve = new ServeProcess(args);
    at.old(`old-${kill}`);
    // Before anything is set up, during it, or among the runs.
    if (kill % 2 === 0) await serve.logs("clean: ", 1 + (kill % 7));
    await new Promise((resolve) => setTimeout(resolve, (kill * 37) % 211));
    await serve.end("SIGKILL");
    if (existsSync(made))
      assert.deepEqual([readFileSync(made, "utf8").length, statSync(made).mode & 0o777], [350, 0o640]);
    const files = existsSync(at.state) ? readdirSync(at.state) : [];
    const others = files.filter((name) => !/^(?:stamp|runs|\.(?:stamp|runs)\.new)$/.test(name));
    assert.deepEqual(others, []);
    if (files.includes("runs"))
      assert.ok(runsOf(at.state).every(({ run }) => Number.isFinite(Date.parse(run))));
  }
  const { status, stderr } = mayfly(["serve", "--once", "--now", ...at.args]);
  assert.deepEqual({ status, isQuiet: !/stamp|error/.test(stderr) }, { status: 0, isQuiet: true });
  assert.deepEqual(readdirSync(at.tree), []);
  assert.deepEqual(readdirSync(at.state).sort(), ["runs", "stamp"]);
});

const ROUNDS = Number(process.env.ROUNDS ?? 150);

test("after many rounds under a writer there are as many fds, and hardly more memory", {
  timeout: 600_000,
}, async () => {
  using at = place();
  const serve = new ServeProcess([...at.args, "--every", "1ms", "--no-index"]);
  const rounds = (): number => serve.output.match(/clean: removed/g)?.length ?? 0;
  const least = async (sample: () => number): Promise<number> => {
    let smallest = Number.POSITIVE_INFINITY;
    for (let count = 0; count < 100; count++) {
      smallest = Math.min(smallest, sample());
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    return smallest;
  };
  /** A run has a few more open: the fewest that are seen are those between two runs. */
  const fds = (): Promise<number> => least(() => readdirSync(`/proc/${serve.child.pid}/fd`).length);
  const rss = (): Promise<number> =>
    least(() => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${serve.child.pid}/status`, "utf8"))?.[1]));
  let written = 0;
  const timer = setInterval(() => at.old(`file-${written++}`), 5);
  using _writer = { [Symbol.dispose]: () => clearInterval(timer) };
  const reach = async (round: number): Promise<void> => {
    const deadline = Date.now() + 500_000;
    while (rounds() < round && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(rounds() >= round, `${rounds()} rounds`);
  };
  await reach(Math.min(100, ROUNDS / 2));
  const early = await fds();
  await reach(ROUNDS / 5);
  const before = await rss();
  await reach(ROUNDS);
  const [late, after] = [await fds(), await rss()];
  console.log(`# ${rounds()} rounds, ${written} files: ${early} and ${late} fds, ${before} and ${after} KiB`);
  assert.equal(late, early);
  if (ROUNDS >= 10_000) assert.ok(after <= before * 1.25);
  assert.equal(await serve.end("SIGTERM"), 0);
});

test("a user serves the own configuration", {
  skip: isRoot ? "root's own configuration is the system's" : false,
}, () => {
  using at = place();
  assert.equal(mayfly(["serve", "--once", "--user", ...at.args]).status, 0);
});
