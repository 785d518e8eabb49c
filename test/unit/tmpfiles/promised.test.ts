/** The promised functions of the engine: what they give and report is what their Sync twins do, while the event loop goes on. */
import assert from "node:assert/strict";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { isNativeError } from "node:util/types";
import {
  type Bytes,
  bytes,
  check,
  checkSync,
  type Event,
  ItemError,
  loadItems,
  loadItemsSync,
  type Reporter,
  readConfigFiles,
  readConfigFilesSync,
  run,
  runSync,
  SyscallError,
} from "#src/tmpfiles/index.js";
import { scratch } from "../../scratch.js";

const OLD = new Date("2001-02-03T04:05:06Z");

function fill(tree: string, directories: number, files: number): void {
  for (let d = 0; d < directories; d++) {
    mkdirSync(`${tree}/d${d}`, { recursive: true });
    // One inode with many names is made in a fraction of the time.
    const first = `${tree}/d${d}/f0`;
    writeFileSync(first, "");
    utimesSync(first, OLD, OLD);
    for (let n = 1; n < files; n++) linkSync(first, `${tree}/d${d}/f${n}`);
    utimesSync(`${tree}/d${d}`, OLD, OLD);
  }
}

const inline = (...lines: string[]): { args: Bytes[]; inline: true } => ({
  args: lines.map(bytes),
  inline: true,
});

/** A reporter that keeps all it hears. */
function listener(): Reporter & { readonly events: Event[]; readonly cleaned: Bytes[] } {
  const events: Event[] = [];
  const cleaned: Bytes[] = [];
  return {
    events,
    cleaned,
    wantsKept: true,
    report: (event) => void events.push(event),
    cleans: (directory) => void cleaned.push(directory),
  };
}

for (const jobs of [1, 3]) {
  test(`run reports what runSync does, with ${jobs} threads`, async (t) => {
    const tree = `${scratch(t)}/tree`;
    fill(tree, 4, 40);
    writeFileSync(`${tree}/young`, "");
    const options = {
      ...inline(`e ${tree} - - - mM:1d`),
      operations: ["clean"],
      jobs,
      parallelFrom: 0,
      dryRun: true,
    } as const;
    const [here, there] = [listener(), listener()];
    const expected = runSync(options, here);
    const summary = await run(options, there);
    assert.deepEqual(summary, expected);
    assert.equal(summary.removed.entries, 4 * 41);
    const sorted = (events: readonly Event[]): Event[] =>
      [...events].sort((a, b) => (JSON.stringify(a, plain) < JSON.stringify(b, plain) ? -1 : 1));
    assert.deepEqual(sorted(there.events), sorted(here.events));
    assert.deepEqual(there.cleaned, [tree]);
    await run({ ...options, dryRun: false });
    assert.deepEqual(readdirSync(tree), ["young"]);
  });
}

const plain = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}` : value);

test("events arrive while the run goes on, and the event loop turns", async (t) => {
  const tree = `${scratch(t)}/tree`;
  fill(tree, 8, 500);
  let [settled, early, turns] = [false, 0, 0];
  const ticking = setInterval(() => turns++, 1);
  const running = run(
    { ...inline(`e ${tree} - - - mM:1d`), operations: ["clean"], jobs: 1 },
    { wantsKept: false, report: () => void (settled || early++) },
  );
  void running.then(() => {
    settled = true;
  });
  const summary = await running;
  clearInterval(ticking);
  assert.equal(early, summary.removed.entries);
  assert.ok(turns > 0);
});

test("errors keep their class, their fields and their cause", async (t) => {
  const directory = scratch(t);
  writeFileSync(`${directory}/file`, "");
  const options = {
    ...inline(`f ${directory}/file/a/b`, `p ${directory}/file/x`, "h /dev/null - - - - +i"),
    operations: ["create"],
  } as const;
  const [there, here] = [listener(), listener()];
  assert.deepEqual(await run(options, there), runSync(options, here));
  const errors = (events: readonly Event[]): Error[] =>
    events.flatMap((event) => (event.type === "failed" ? [event.error] : []));
  const [got, expected] = [errors(there.events), errors(here.events)];
  assert.equal(got.length, 3);
  assert.deepEqual(new Set(got.map(({ name }) => name)), new Set(["SyscallError", "ItemError"]));
  for (const [index, error] of got.entries()) {
    const twin = expected[index] as Error;
    assert.equal(Object.getPrototypeOf(error), Object.getPrototypeOf(twin));
    assert.ok(error instanceof SyscallError || error instanceof ItemError);
    assert.ok(isNativeError(error));
    assert.deepEqual({ ...error }, { ...twin });
    assert.equal(withoutFds(error.message), withoutFds(twin.message));
    assert.ok(error.stack?.includes("at "));
  }
});

const withoutFds = (text: string): string => text.replaceAll(/\d+</g, "<");

test("run creates as runSync does, whatever the umask", async (t) => {
  const directory = scratch(t);
  const lines = [
    `d ${directory}/d 0777`,
    `f ${directory}/d/f 0666 - - - text`,
    `L ${directory}/l - - - - d/f`,
  ];
  const summary = await run({ ...inline(...lines), operations: ["create"] });
  assert.equal(summary.exitStatus, 0);
  assert.equal(statSync(`${directory}/d`).mode & 0o7777, 0o777);
  assert.equal(readFileSync(`${directory}/l`, "utf8"), "text");
});

test("a signal stops the run, which gives the summary of what it did", async (t) => {
  const tree = `${scratch(t)}/tree`;
  fill(tree, 12, 1000);
  const controller = new AbortController();
  const options = { ...inline(`e ${tree} - - - mM:1d`), operations: ["clean"], jobs: 1 } as const;
  let reported = 0;
  const report = (): void => void (++reported === 1 && controller.abort());
  const { signal } = controller;
  const summary = await run({ ...options, signal }, { wantsKept: false, report });
  assert.equal(summary.interrupted, true);
  assert.equal(summary.removed.entries, reported);
  for (const left of readdirSync(tree)) assert.deepEqual(statSync(`${tree}/${left}`).mtime, OLD);
  const before = readdirSync(tree, { recursive: true }).length;
  const never = await run({ ...options, signal: AbortSignal.abort() });
  assert.equal(never.interrupted, true);
  assert.equal(readdirSync(tree, { recursive: true }).length, before);
});

test("a reporter that throws stops the run, and the promise is rejected with that", async (t) => {
  const tree = `${scratch(t)}/tree`;
  fill(tree, 12, 1000);
  const mine = new Error("mine");
  const report = (): void => {
    throw mine;
  };
  const options = { ...inline(`e ${tree} - - - mM:1d`), operations: ["clean"], jobs: 1 } as const;
  await assert.rejects(run(options, { wantsKept: false, report }), (error) => error === mine);
  assert.ok(existsSync(`${tree}/d0`) || readdirSync(tree).length > 0, "the run went on to its end");
});

test("invalid options are reported as by runSync", async () => {
  const wrong = (options: object): Promise<unknown> => run(options as Parameters<typeof run>[0]);
  await assert.rejects(wrong({}), { name: "TypeError", message: /^run: options.operations/ });
  const stop = { words: new Int32Array(1), indexes: [0] };
  for (const [name, value] of Object.entries({ stop, clock: { now: () => 0n } })) {
    const message = new RegExp(`^run: unknown option "${name}"`);
    await assert.rejects(wrong({ operations: ["clean"], [name]: value }), { name: "TypeError", message });
  }
  await assert.rejects(wrong({ operations: ["clean"], signal: 1 }), { message: /an AbortSignal/ });
});

test("check, loadItems and readConfigFiles give what their Sync twins do", async (t) => {
  const root = scratch(t);
  mkdirSync(`${root}/etc/tmpfiles.d`, { recursive: true });
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const lines = ["d /srv/x 0777", "f /srv/y - - - 1d", "L /srv/z - - - - /etc/x", "c /dev/n - - - - 1:3"];
  writeFileSync(`${root}/etc/tmpfiles.d/a.conf`, `${lines.join("\n")}\n?? /what\n`);
  const options = { root: bytes(root), environment: process.env };
  assert.deepEqual(await check(options), checkSync(options));
  assert.ok((await check(options)).length >= 3);
  assert.deepEqual(await loadItems(options), loadItemsSync(options));
  assert.equal(
    (await loadItems(options)).exact[0]?.items[0]?.type,
    loadItemsSync(options).exact[0]?.items[0]?.type,
  );
  assert.deepEqual(await readConfigFiles(options), readConfigFilesSync(options));
  assert.equal((await readConfigFiles(options)).files.length, 1);
});
