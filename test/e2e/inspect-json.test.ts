import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRoot, MAYFLY, mayfly, Scratch, start } from "./program.js";
import { whileWatching } from "./watcher.js";

type Json = Record<string, unknown>;
const lines = (text: string): Json[] =>
  Buffer.from(text, "latin1")
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Json);
/** What a watch reports between its first line and its last. */
const events = (text: string): Json[] => {
  const all = lines(text);
  assert.deepEqual([all.at(0)?.type, all.at(-1)?.type], ["ready", "end"]);
  return all.slice(1, -1);
};
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;

/** `tree/old` of long ago and `tree/new` of now, below a line that lets them be 30 days old. */
class ResolveContext extends Scratch {
  readonly tree = join(this.path, "tree");
  readonly config = join(this.path, "own.conf");
  readonly line = `e ${this.tree} - - - amAM:30d`;

  constructor() {
    super();
    mkdirSync(this.tree);
    for (const name of ["old", "new"]) writeFileSync(join(this.tree, name), name);
    utimesSync(join(this.tree, "old"), 1_000_000_000, 1_000_000_007);
    writeFileSync(this.config, `# a comment\n${this.line}\n`);
  }

  get source(): Json {
    return { file: this.config, line: 2, text: this.line };
  }
}

const VICTIM = {
  kind: "file",
  size: 3,
  atime: "2001-09-09T01:46:40.000000000Z",
  mtime: "2001-09-09T01:46:47.000000000Z",
};

test("watch --json reports a cleaner's removal: time, op, path, actor, victim, source", async () => {
  using context = new ResolveContext();
  const { tree, config } = context;
  const { stdout } = await whileWatching(["--json", tree], () => {
    start(process.execPath, [MAYFLY, "clean", config]);
  });
  const [event, ...others] = events(stdout);
  assert.deepEqual(others, []);
  assert.equal(event?.type, "event");
  assert.match(`${event?.time}`, RFC3339);
  assert.equal(event?.op, "delete");
  assert.equal(event?.path, join(tree, "old"));
  const victim = event?.victim as Json;
  const { kind, size, atime, mtime } = victim;
  assert.deepEqual({ kind, size, atime, mtime }, VICTIM);
  assert.equal(victim.uid, process.getuid?.());
  assert.match(`${victim.ctime}`, RFC3339);
  assert.equal(victim.btime === null || RFC3339.test(`${victim.btime}`), true);
  const actor = event?.actor as Json;
  for (const field of ["pid", "exe", "cmdline", "unit", "via"]) assert.equal(field in actor, true, field);
  if (!isRoot) {
    assert.deepEqual(actor, { pid: 0, exe: null, cmdline: null, unit: null, via: "unknown" });
    assert.equal(event?.source, null);
    return;
  }
  assert.equal(typeof actor.pid === "number" && actor.pid > 1, true);
  assert.equal(actor.exe, process.execPath);
  assert.deepEqual(actor.cmdline, [process.execPath, MAYFLY, "clean", config]);
  assert.equal(actor.unit === null || typeof actor.unit === "string", true);
  assert.equal(["bpf", "exec-event", "proc"].includes(`${actor.via}`), true, `${actor.via}`);
  assert.deepEqual(event?.source, context.source);
  assert.deepEqual(event?.decisive, { timestamp: "mtime", time: VICTIM.mtime });
});

test("watch --json: other changes have no source, and a new file has no victim", async () => {
  using context = new ResolveContext();
  const { stdout } = await whileWatching(["--json", context.tree], () => {
    start("touch", [join(context.tree, "made")]);
    start("rm", [join(context.tree, "new")]);
  });
  const [made, removed] = events(stdout);
  assert.deepEqual(
    [made?.op, made?.victim, made?.source, removed?.op, removed?.source],
    ["create", null, null, "delete", null],
  );
  assert.equal((removed?.victim as Json | undefined)?.size, 3);
});

test("--json escapes control characters and names that are not UTF-8", async () => {
  using context = new ResolveContext();
  const name = "caf\xe9 \xc2\x9b31m \xe2\x80\xae";
  const path = Buffer.from(`${context.tree}/${name}`, "latin1");
  const { stdout } = await whileWatching(["--json", context.tree], () => writeFileSync(path, ""));
  assert.equal(/[^\n\x20-\x7e\xef\xbf\xbd]/.test(stdout), false, JSON.stringify(stdout));
  const [event] = events(stdout);
  assert.deepEqual(Buffer.from(`${event?.pathBase64}`, "base64"), path);
  const explained = start("bash", [
    "-c",
    `"$0" "$1" explain --json --config "$2" "$3"/caf*`,
    ...[process.execPath, MAYFLY, context.config, context.tree],
  ]);
  assert.equal(explained.status, 0, explained.stderr);
  assert.deepEqual(Buffer.from(`${lines(explained.stdout)[0]?.pathBase64}`, "base64"), path);
});

test("explain --json: type, path, verdict, expires, source and reasons of each path", () => {
  using context = new ResolveContext();
  const { tree, config } = context;
  const paths = ["old", "new"].map((name) => join(tree, name));
  const done = mayfly(["explain", "--json", "--config", config, ...paths, context.path]);
  assert.equal(done.status, 0, done.stderr);
  const [old, recent, elsewhere] = lines(done.stdout);
  assert.equal(old?.type, "explanation");
  assert.equal(old?.path, paths[0]);
  assert.equal(old?.verdict, "remove");
  assert.equal(old?.expires, "2001-10-09T01:46:47.000000001Z");
  assert.deepEqual(old?.source, context.source);
  assert.deepEqual(old?.reasons, []);
  assert.equal(recent?.verdict, "keep");
  assert.match(`${recent?.expires}`, RFC3339);
  assert.equal(Date.parse(`${recent?.expires}`) > Date.now() + 29 * 86_400_000, true);
  assert.deepEqual(recent?.source, context.source);
  const [reason] = (recent?.reasons ?? []) as Json[];
  assert.equal(reason?.code, "too-new");
  assert.equal(reason?.at, paths[1]);
  assert.equal(["mtime", "atime"].includes(`${reason?.timestamp}`), true);
  assert.match(`${reason?.time}`, RFC3339);
  assert.equal(elsewhere?.verdict, "keep");
  assert.equal(elsewhere?.expires, null);
  assert.equal(elsewhere?.source, null);
  assert.deepEqual(elsewhere?.reasons, [{ code: "no-line", at: context.path }]);
});

test("forecast --json: one line per run, by line of the configuration, and the total", () => {
  using context = new ResolveContext();
  const { tree, config } = context;
  const later = join(tree, "later");
  writeFileSync(later, "x".repeat(5000));
  const days = (count: number): number => Date.now() / 1000 - count * 86_400;
  utimesSync(later, days(25), days(25));
  const done = mayfly(["forecast", "--json", "--config", config, tree]);
  assert.equal(done.status, 0, done.stderr);
  const reported = lines(done.stdout);
  const total = reported.pop();
  assert.deepEqual(
    reported.map(({ type, entries }) => [type, entries]),
    [
      ["run", 1],
      ["run", 1],
    ],
  );
  for (const run of reported) {
    assert.match(`${run.run}`, RFC3339);
    assert.equal(typeof run.bytes, "number");
    const [first, ...others] = (run.lines ?? []) as Json[];
    assert.deepEqual([first?.source, first?.entries, others], [context.source, 1, []]);
  }
  assert.equal(total?.type, "total");
  assert.equal(total?.entries, 2);
  for (const moment of [total?.from, total?.until]) assert.match(`${moment}`, RFC3339);
  const largest = total?.largest as Json[];
  assert.deepEqual(
    largest.map(({ path }) => path),
    [later, join(tree, "old")],
  );
  assert.deepEqual(largest[0]?.source, context.source);
  assert.equal("timer" in (total ?? {}), true);
});
