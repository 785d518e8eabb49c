/** /report of `mayfly serve`: the page, its data, and who sees which names. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cannotBeNobody, NOBODY } from "../ordinary-user.js";
import { needsChromium, openPage, startBrowser } from "./browser.js";
import { Scratch } from "./program.js";
import { ServeProcess } from "./serve-process.js";

const OLD = new Date("2020-01-01T00:00:00Z");
const SETTINGS = ["--no-index", "--settle", "0", "--jitter", "0"];

async function addressOf(serve: ServeProcess): Promise<string> {
  await serve.logs("Listening on ");
  return /^Listening on (.*)$/m.exec(serve.output)?.[1] ?? "";
}

interface Data {
  readonly entries: number;
  readonly past: readonly { readonly entries: number }[];
}

/** A directory for everybody with a private one of each user in it. */
function tree(place: string): string {
  const top = join(place, "top");
  mkdirSync(top);
  for (const [name, mode] of [
    ["everybody", 0o755],
    ["owner-only", 0o700],
    ["theirs", 0o700],
  ] as const) {
    mkdirSync(join(top, name));
    writeFileSync(join(top, name, `in-${name}`), "x");
    chmodSync(join(top, name), mode);
  }
  return top;
}

/** Serves the report of the tree over IP. */
function serving(top: string): ServeProcess {
  const line = `d ${top} - - - mM:10d`;
  return new ServeProcess([...SETTINGS, "--no-state", "--inline", line, "--listen", "0"]);
}

/** What another process of this user gets from the socket. */
function getAs(uid: number, socketPath: string, path: string): string {
  const script = `require("node:http").get(${JSON.stringify({ socketPath, path })}, (response) => response.pipe(process.stdout));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", script], {
    uid,
    gid: uid,
    cwd: "/",
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("anybody gets the sums, and the names in world-readable directories", async () => {
  using scratch = new Scratch();
  chmodSync(scratch.path, 0o755);
  const top = tree(scratch.path);
  const serve = serving(top);
  const address = await addressOf(serve);
  const page = await fetch(`${address}/report`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
  const html = await page.text();
  assert.match(html, /connect-src 'self'/);
  const text = await (await fetch(`${address}/report.json`)).text();
  assert.equal((JSON.parse(text) as Data).entries, 7);
  for (const body of [html, text]) {
    assert.match(body, /in-everybody/);
    assert.match(body, /owner-only/);
    assert.doesNotMatch(body, /in-owner-only|in-theirs/);
  }
  assert.equal((await fetch(`${address}/report`, { method: "POST" })).status, 405);
  await serve.end("SIGTERM");
});

test("over the socket, root sees all names and others theirs", { skip: cannotBeNobody }, async () => {
  using scratch = new Scratch();
  chmodSync(scratch.path, 0o755);
  const top = tree(scratch.path);
  chownSync(join(top, "theirs"), NOBODY, NOBODY);
  const socket = join(scratch.path, "socket");
  const serve = new ServeProcess([
    ...SETTINGS,
    "--no-state",
    "--inline",
    `d ${top} - - - mM:10d`,
    "--listen",
    socket,
  ]);
  await addressOf(serve);
  chmodSync(socket, 0o666);
  for (const path of ["/report", "/report.json"]) {
    const all = getAs(0, socket, path);
    for (const name of ["in-everybody", "in-owner-only", "in-theirs"]) assert.ok(all.includes(name), name);
    const theirs = getAs(NOBODY, socket, path);
    for (const name of ["in-everybody", "in-theirs", "owner-only"]) assert.ok(theirs.includes(name), name);
    assert.ok(!theirs.includes("in-owner-only"));
    const strangers = getAs(61_001, socket, path);
    assert.ok(strangers.includes("in-everybody"));
    assert.ok(!strangers.includes("in-owner-only") && !strangers.includes("in-theirs"));
  }
  await serve.end("SIGTERM");
});

test("it remembers what runs removed, for the plot", async () => {
  using scratch = new Scratch();
  const top = tree(scratch.path);
  writeFileSync(join(top, "old"), "x");
  utimesSync(join(top, "old"), OLD, OLD);
  const state = join(scratch.path, "state");
  const args = [
    ...SETTINGS,
    "--state-dir",
    state,
    "--inline",
    `d ${top} - - - m:10d`,
    "--listen",
    "0",
    "--now",
  ];
  const serve = new ServeProcess(args);
  const address = await addressOf(serve);
  await serve.logs("removed 1 ");
  const { past } = (await (await fetch(`${address}/report.json`)).json()) as Data;
  assert.equal(
    past.reduce((sum, { entries }) => sum + entries, 0),
    1,
  );
  await serve.end("SIGTERM");
});

test("the page loads its data again", { skip: needsChromium }, async () => {
  using scratch = new Scratch();
  chmodSync(scratch.path, 0o755);
  const top = tree(scratch.path);
  const serve = serving(top);
  const address = await addressOf(serve);
  await using browser = await startBrowser();
  const { page, requests, complaints } = await openPage(browser, `${address}/report`);
  assert.deepEqual(requests, [`${address}/report`]);
  const answer = page.waitForResponse(`${address}/report.json`);
  await page.getByRole("button", { name: "Reload" }).click();
  assert.equal((await answer).status(), 200);
  await page.waitForSelector(".box");
  assert.deepEqual(complaints, []);
  await serve.end("SIGTERM");
});
