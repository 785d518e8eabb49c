/** /metrics, /healthz and the metrics file of `mayfly serve`. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { urlToHttpOptions } from "node:url";
import { parseExposition, type Sample } from "#src/serve/metrics/exposition.js";
import { mayfly, Scratch } from "./program.js";
import { ServeProcess } from "./serve-process.js";

const OLD = new Date("2020-01-01T00:00:00Z");
const ROUNDS = Number(process.env.ROUNDS ?? 100);
const AT_ONCE = ["--no-state", "--no-index", "--settle", "0", "--jitter", "0"];

interface Reply {
  readonly status: number | undefined;
  readonly body: string;
}

/** Requests a path from `http://HOST:PORT` or `unix:PATH`. */
function request(address: string, path: string): Promise<Reply> {
  const [, socketPath] = /^unix:(.*)$/.exec(address) ?? [];
  const where = socketPath === undefined ? urlToHttpOptions(new URL(address)) : { socketPath };
  return new Promise((resolve, reject) => {
    get({ ...where, path, agent: false, timeout: 30_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode, body }));
    }).on("error", reject);
  });
}

async function samplesAt(address: string): Promise<Sample[]> {
  return parseExposition((await request(address, "/metrics")).body);
}

function sample(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}) {
  const fits = (each: Sample): boolean =>
    each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value);
  return samples.find(fits)?.value;
}

/** Where the process listens, by its log. */
async function addressOf(serve: ServeProcess): Promise<string> {
  await serve.logs("Listening on ");
  return /^Listening on (.*)$/m.exec(serve.output)?.[1] ?? "";
}

function old(directory: string, ...names: readonly string[]): void {
  mkdirSync(directory, { recursive: true });
  for (const name of names) {
    writeFileSync(join(directory, name), "x");
    utimesSync(join(directory, name), OLD, OLD);
  }
}

test("the metrics of runs are there over HTTP, on a socket and in the file", async () => {
  using scratch = new Scratch();
  const [tree, socket, file] = ["tree", "m.sock", "m.prom"].map((name) => join(scratch.path, name)) as [
    string,
    string,
    string,
  ];
  old(tree, "a", "b");
  const where = ["--listen", "127.0.0.1:0", "--listen", socket, "--metrics-file", file];
  const serve = new ServeProcess([...AT_ONCE, ...where, "--inline", `e ${tree} - - - mM:1d`]);
  const address = await addressOf(serve);
  await serve.logs("Next run: ");
  const samples = await samplesAt(address);
  assert.equal(sample(samples, "mayfly_removed_entries_total", { path: tree }), 2);
  assert.equal(sample(samples, "mayfly_runs_total", { operation: "clean", status: "success" }), 1);
  assert.deepEqual(await samplesAt(`unix:${socket}`), samples);
  old(tree, "c");
  serve.signal("SIGUSR1");
  await serve.logs("clean: ", 2);
  const { status, body } = await request(address, "/healthz");
  assert.deepEqual([status, JSON.parse(body).status], [200, "ok"]);
  assert.equal(await serve.end("SIGTERM"), 0);
  assert.ok(!existsSync(socket));
  const written = parseExposition(readFileSync(file, "utf8"));
  assert.equal(sample(written, "mayfly_removed_entries_total", { path: tree }), 3);
});

test("a failed run makes /healthz answer with 503, until a run succeeds", async () => {
  using scratch = new Scratch();
  const [tree, config] = [join(scratch.path, "tree"), join(scratch.path, "a.conf")];
  old(tree);
  writeFileSync(config, `e ${tree} - - - 1d\ne ${tree} - - - never\n`);
  const serve = new ServeProcess([
    ...AT_ONCE,
    "--listen",
    "127.0.0.1:0",
    "--config",
    config,
    "--at-start",
    "none",
  ]);
  const address = await addressOf(serve);
  await serve.logs("clean: ");
  const failed = await request(address, "/healthz");
  assert.equal(failed.status, 503);
  const { reasons } = JSON.parse(failed.body);
  assert.deepEqual(reasons, [{ code: "last-run-failed", operation: "clean", exitStatus: 65, errors: 1 }]);
  writeFileSync(config, `e ${tree} - - - 1d\n`);
  serve.signal("SIGUSR1");
  await serve.logs("clean: ", 2);
  assert.equal((await request(address, "/healthz")).status, 200);
  await serve.end("SIGTERM");
});

test("the series of lines that went are dropped on reload", async () => {
  using scratch = new Scratch();
  const [one, two, config] = ["one", "two", "a.conf"].map((name) => join(scratch.path, name)) as [
    string,
    string,
    string,
  ];
  old(one, "a");
  old(two, "a");
  writeFileSync(config, `e ${one} - - - mM:1d\ne ${two} - - - mM:1d\n`);
  const serve = new ServeProcess([...AT_ONCE, "--listen", "127.0.0.1:0", "--config", config]);
  const address = await addressOf(serve);
  await serve.logs("clean: ");
  const paths = async (): Promise<unknown[]> => [
    ...new Set((await samplesAt(address)).flatMap(({ labels: { path } }) => path ?? [])),
  ];
  assert.deepEqual(await paths(), [one, two]);
  writeFileSync(config, `e ${one} - - - mM:1d\n`);
  serve.signal("SIGHUP");
  await serve.logs("create: ", 2);
  for (let tries = 0; tries < 600 && (await paths()).length > 1; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(await paths(), [one]);
  assert.equal(sample(await samplesAt(address), "mayfly_removed_entries_total", { path: one }), 1);
  await serve.end("SIGTERM");
});

test(`the number of series is the same after ${ROUNDS} runs beside a writer`, async () => {
  using scratch = new Scratch();
  const tree = join(scratch.path, "tree");
  old(tree, "a");
  const lines = ["--inline", `e ${tree} - - - mM:1d`, "--inline", `e ${tree}/*/x - - - mM:1d`];
  const serve = new ServeProcess([...AT_ONCE, "--every", "1ms", "--listen", "127.0.0.1:0", ...lines]);
  const address = await addressOf(serve);
  await serve.logs("clean: ");
  const counts = new Set<number>();
  let runs = 0;
  for (let round = 0; runs < ROUNDS && serve.child.exitCode === null; round++) {
    // New names: an old file that is written again could go at that moment.
    old(join(tree, `${round % 7}`, "x"), `a-${round}`, `b-${round}`);
    if (round % 3 === 0) writeFileSync(join(tree, `new-${round % 11}`), "");
    const samples = await samplesAt(address);
    counts.add(samples.length);
    runs = sample(samples, "mayfly_runs_total", { operation: "clean", status: "success" }) ?? 0;
  }
  assert.equal(await serve.end("SIGTERM"), 0);
  assert.equal(counts.size, 1, `${[...counts]}`);
});

test("what cannot be is refused", async () => {
  const refused = (...args: readonly string[]): string => mayfly(["serve", ...args]).stderr;
  assert.match(refused("--listen", "here"), /option '--listen': 'here' is not a valid address/);
  assert.match(refused("--listen", "0", "--once"), /options '--listen' and '--once' cannot be combined/);
  assert.match(refused("--allow-host", "x"), /option '--allow-host' requires '--listen'/);
  assert.match(refused("--metrics-file="), /option '--metrics-file' expects a path/);
  using scratch = new Scratch();
  writeFileSync(join(scratch.path, "file"), "");
  const { status, stderr } = mayfly(["serve", "--no-state", "--listen", join(scratch.path, "file")]);
  assert.deepEqual([status, stderr.split(": ")[0]], [1, "mayfly serve"]);
  assert.match(stderr, /exists and is not a socket/);
});
