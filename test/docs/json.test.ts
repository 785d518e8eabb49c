/** Validates the output of every command with --json against the schemas of docs/json.md. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { COMMANDS } from "#src/cli/table.js";
import { Health } from "#src/serve/metrics/health.js";
import { isRoot, MAYFLY, mayfly, ROOT, Scratch } from "../e2e/program.js";
import { ServeProcess } from "../e2e/serve-process.js";
import { whileWatching } from "../e2e/watcher.js";
import { freshName } from "../unit/private-tmp/host.js";
import { runRecord } from "../unit/serve/metrics/records.js";

const page = readFileSync(join(ROOT, "docs/json.md"), "utf8");
const ajv = new Ajv2020({ strict: false, allErrors: true });
const schemas = new Map<string, ValidateFunction>();
for (const [, names = "", text = ""] of page.matchAll(/^```json ([a-z ]+)\n([\s\S]*?)^```$/gm)) {
  const schema = JSON.parse(text) as object;
  if (names === "shared") ajv.addSchema(schema);
  else for (const name of names.split(" ")) schemas.set(name, ajv.compile(schema));
}

/** Runs a command with --json, validates each line, and returns the types. */
function typesOf(command: string, args: readonly string[]): Set<string> {
  const { stdout, stderr } = mayfly([command, "--json", ...args]);
  assert.equal(stderr, "");
  return new Set(fit(command, stdout));
}

/** The types of these objects, each of which fits the schema of the command. */
function fit(command: string, stdout: string): string[] {
  const validate = schemas.get(command);
  assert.ok(validate, `docs/json.md has no schema for ${command}`);
  const lines = stdout.split("\n").slice(0, -1);
  const objects = lines.map((line) => JSON.parse(line) as { readonly type: string });
  for (const object of objects) {
    assert.ok(validate(object), `${JSON.stringify(object)}\n${ajv.errorsText(validate.errors)}`);
  }
  return objects.map(({ type }) => type);
}

/** The list of a host without any is empty, and shows nothing. */
const cannotRunPrivately = isRoot ? false : "needs root";

const OLD = new Date("2020-01-01T00:00:00Z");

function tree(): Scratch {
  const scratch = new Scratch();
  const top = join(scratch.path, "top");
  mkdirSync(top);
  const odd = Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0xff])]);
  for (const name of [join(top, "old"), odd]) {
    writeFileSync(name, "x");
    utimesSync(name, OLD, OLD);
  }
  writeFileSync(join(top, "new"), "");
  symlinkSync("new", join(top, "link"));
  return scratch;
}

test("every command that has --json has a schema", async () => {
  for (const name of Object.keys(COMMANDS)) {
    const { options = [] } = (await COMMANDS[name]?.load()) ?? {};
    const hasJson = options.some((option) => option.name === "json");
    assert.equal(schemas.has(name), hasJson, name);
  }
});

test("install and uninstall", () => {
  using scratch = new Scratch();
  // Where Node itself is in a home directory, a warning comes first.
  const installing = (args: readonly string[]): string[] =>
    [...typesOf("install", args)].filter((type) => type !== "warning").sort();
  const root = ["--root", scratch.path];
  const fixed = [...root, "--init", "systemd"];
  mkdirSync(join(scratch.path, "etc/cron.daily"), { recursive: true });
  const tmpreaper = join(scratch.path, "etc/cron.daily/tmpreaper");
  writeFileSync(tmpreaper, "#!/bin/sh\n", { mode: 0o755 });
  assert.deepEqual(installing(fixed), ["active", "summary"]);
  for (const dry of [["--dry-run"], []])
    assert.deepEqual(installing([...fixed, "--take-over", ...dry]), ["change", "summary"]);
  writeFileSync(join(scratch.path, "etc/systemd/system/mayfly-clean.timer"), "");
  assert.deepEqual(installing(root), ["error"]);
  assert.deepEqual([...typesOf("uninstall", root)].sort(), ["change", "left", "summary"]);
});

test("clean, create, remove and purge", () => {
  using scratch = tree();
  const top = join(scratch.path, "top");
  const clean = typesOf("clean", ["--inline", `d ${top} - - - mM:1d`, "y /x", `d ${top}`]);
  assert.deepEqual([...clean].sort(), ["diagnostic", "kept", "removed", "summary"]);
  const lines = [`d ${top}/d 0700`, `L ${top}/l - - - - /target`, `f ${top}/new/below`, `z ${top}/new 0600`];
  const create = typesOf("create", ["--inline", ...lines]);
  assert.deepEqual([...create].sort(), ["changed", "created", "failed", "summary"]);
  assert.ok(typesOf("remove", ["--inline", `R ${top}/d`]).has("removed"));
  assert.ok(typesOf("purge", ["--inline", `d$ ${top}`]).has("removed"));
  assert.deepEqual([...typesOf("clean", ["--no-such-option"])], ["error"]);
});

test("check", () => {
  const types = typesOf("check", ["--inline", "d /tmp/x 0777", "y /z", "f /srv/./a - - - 1d"]);
  assert.deepEqual([...types].sort(), ["finding", "summary"]);
});

test("audit", () => {
  using scratch = new Scratch();
  writeFileSync(
    join(scratch.path, "a.sh"),
    "X=/tmp/x\necho > $X\n# mayfly-ok TMP001: made at boot\necho > /tmp/y\n",
  );
  writeFileSync(join(scratch.path, "test_a.py"), "");
  assert.deepEqual([...typesOf("audit", [scratch.path])], ["finding", "skipped", "summary"]);
  assert.deepEqual([...typesOf("audit", ["/nonexistent"])], ["error"]);
});

test("explain", () => {
  using scratch = tree();
  const top = join(scratch.path, "top");
  const config = join(scratch.path, "t.conf");
  writeFileSync(config, `d ${top} - - - mM:1d\ny /z\nx ${top}/new\n`);
  const paths = ["old", "new", "link", "missing"].map((name) => join(top, name));
  const types = typesOf("explain", ["--config", config, ...paths, "/nonexistent"]);
  assert.deepEqual([...types].sort(), ["diagnostic", "explanation"]);
  assert.deepEqual([...typesOf("explain", ["--config", "/nonexistent.conf", "/x"])], ["error"]);
});

test("forecast", () => {
  using scratch = tree();
  const config = join(scratch.path, "t.conf");
  writeFileSync(config, `d ${scratch.path}/top - - - mM:1d\ny /z\n`);
  const types = typesOf("forecast", ["--config", config, join(scratch.path, "top")]);
  assert.deepEqual([...types].sort(), ["diagnostic", "run", "total"]);
});

test("report", () => {
  using scratch = tree();
  const config = join(scratch.path, "t.conf");
  writeFileSync(config, `d ${scratch.path}/top - - - mM:1d\ny /z\n`);
  const types = typesOf("report", ["--config", config, scratch.path]);
  assert.deepEqual([...types].sort(), ["diagnostic", "report"]);
  assert.deepEqual([...typesOf("report", ["/nonexistent"])], ["error"]);
});

test("ps", { skip: cannotRunPrivately }, () => {
  const script = 'exec "$0" "$1" ps --json';
  const { stdout } = mayfly([
    "run",
    "--name",
    freshName(),
    "--",
    "sh",
    "-c",
    script,
    process.execPath,
    MAYFLY,
  ]);
  assert.ok(fit("ps", stdout).includes("private-tmp"));
});

test("serve", async () => {
  using scratch = tree();
  const args = [
    "--json",
    "--verbose",
    "--state-dir",
    join(scratch.path, "state"),
    "--settle",
    "0",
    "--jitter",
    "0",
  ];
  const top = join(scratch.path, "top");
  const lines = ["--inline", `d ${top} - - - mM:1d`, "--inline", "y /x", "--inline", `d ${top}/new`];
  const serve = new ServeProcess([...args, ...lines, "--listen", "0"]);
  await serve.logs('"waiting"');
  serve.signal("SIGUSR2");
  await serve.logs('"level"');
  await serve.end("SIGTERM");
  const beside = new ServeProcess([...args, ...lines, "--", "false"]);
  await beside.end();
  const types = fit("serve", serve.output + beside.output);
  const expected = [
    "command-ended",
    "command-started",
    "event",
    "level",
    "listening",
    "run",
    "running",
    "started",
    "stopping",
    "waiting",
  ];
  assert.deepEqual([...new Set(types)].sort(), expected);
  const events = serve.output.split("\n").filter((line) => line.startsWith('{"type":"event"'));
  const objects = events.map((line) => JSON.stringify((JSON.parse(line) as { event: unknown }).event));
  const inner = fit("clean", objects.map((object) => `${object}\n`).join(""));
  assert.deepEqual([...new Set(inner)].sort(), ["created", "diagnostic", "removed", "skipped"]);
  assert.deepEqual([...typesOf("serve", ["--every", "soon"])], ["error"]);
});

test("healthz", () => {
  let now = 0;
  const health = new Health(() => now, { operation: "clean", limitSeconds: 10 });
  health.observe(runRecord({ operations: ["create"], exitStatus: 73, errors: 1 }));
  health.observe(runRecord());
  now = 11;
  const validate = schemas.get("healthz");
  const report = JSON.parse(JSON.stringify(health.report())) as { readonly reasons: readonly unknown[] };
  assert.equal(report.reasons.length, 2);
  assert.ok(validate?.(report), ajv.errorsText(validate?.errors));
  assert.ok(!validate?.({ ...report, status: "fine" }));
});

test("watch", async () => {
  using scratch = new Scratch();
  const [first, second] = [join(scratch.path, "first"), join(scratch.path, "second")];
  const { stdout } = await whileWatching(["--json", scratch.path, join(scratch.path, "absent")], () => {
    writeFileSync(first, "x");
    renameSync(first, second);
    rmSync(second);
  });
  const types = fit("watch", stdout);
  assert.deepEqual([types[0], types.at(-1)], ["ready", "end"]);
  assert.ok(types.includes("event"));
  assert.deepEqual([...typesOf("watch", [""])], ["error"]);
});
