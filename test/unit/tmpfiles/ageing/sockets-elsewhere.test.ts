import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { endWithTest, firstOutput, until } from "../../../children.js";
import { scratch } from "../../../scratch.js";
import { line, runLines, TEN_DAYS } from "./cleaning.js";

/** An ordinary user needs a user namespace for the others. */
const AS_ROOT = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];

function cannotUnshare(...namespaces: string[]): string | false {
  const { status } = spawnSync("unshare", [...AS_ROOT, ...namespaces, "true"]);
  return status !== 0 && `cannot make a namespace: unshare ${namespaces.join(" ")}`;
}

const LISTEN = `require("node:net").createServer().listen(process.argv[1], () => console.log("listening"))`;

/** Listens in new namespaces, after a shell command there, and returns how to end it. */
async function listenIn(namespaces: string[], socket: string, before = ":"): Promise<() => Promise<void>> {
  const script = `${before} && exec "$@"`;
  const command = [process.execPath, "-e", LISTEN, socket];
  const server = endWithTest(
    spawn("unshare", [...AS_ROOT, ...namespaces, "sh", "-c", script, "sh", ...command], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  await firstOutput(server);
  return async () => {
    server.kill("SIGKILL");
    await until("the server has ended", () => server.signalCode !== null);
  };
}

function base(t: TestContext): string {
  const path = `${scratch(t)}/d`;
  mkdirSync(path);
  return path;
}

for (const jobs of [1, 2])
  test(`a socket of another network namespace is kept while its process lives, with ${jobs} threads`, {
    skip: cannotUnshare("--net"),
  }, async (t) => {
    const path = base(t);
    const end = await listenIn(["--net"], `${path}/socket`);
    const how = { jobs, parallelFrom: 0 };
    for (const dryRun of [true, false]) {
      const { removed, kept } = runLines([line("d", path, TEN_DAYS)], { ...how, dryRun });
      assert.deepEqual(removed, []);
      assert.equal(kept[`${path}/socket`]?.code, "live-socket");
      assert.match(kept[`${path}/socket`]?.detail ?? "", /^pid \d+$/);
    }
    assert.ok(existsSync(`${path}/socket`));
    await end();
    const { removed } = runLines([line("d", path, TEN_DAYS)], how);
    assert.deepEqual(removed, [`${path}/socket`]);
  });

test("other lines and operations keep it too", { skip: cannotUnshare("--net") }, async (t) => {
  const path = base(t);
  await listenIn(["--net"], `${path}/socket`);
  for (const letter of ["e", "R"] as const) {
    runLines([line(letter, path, TEN_DAYS)]);
    assert.ok(existsSync(`${path}/socket`), letter);
  }
  runLines([line("D", path)], { operations: ["remove"] });
  assert.ok(existsSync(`${path}/socket`));
});

for (const namespaces of [["--mount"], ["--mount", "--net"]])
  test(`a socket that is bound under another path is kept: ${namespaces.join(" ")}`, {
    skip: cannotUnshare(...namespaces),
  }, async (t) => {
    const path = base(t);
    const other = `${scratch(t)}/other`;
    mkdirSync(other);
    const mount = `mount --bind ${path} ${other}`;
    const end = await listenIn(namespaces, `${other}/socket`, mount);
    // A dead socket of that name elsewhere is not protected by it.
    const dead = base(t);
    const stop = await listenIn([], `${dead}/socket`);
    await stop();
    const lines = [line("d", path, TEN_DAYS), line("d", dead, TEN_DAYS)];
    const { removed, kept } = runLines(lines);
    assert.deepEqual(removed, [`${dead}/socket`]);
    assert.equal(kept[`${path}/socket`]?.code, "live-socket");
    await end();
    assert.deepEqual(runLines(lines).removed, [`${path}/socket`]);
  });
