import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { sweepStaleSync } from "#src/index.js";
import { firstOutput, untilDead } from "../../children.js";
import { kill } from "../../runner/processes.js";
import { scratch } from "../../scratch.js";
import { library, program, runProgram } from "./program.js";

/** For programs: whether somebody holds a lock on the directory. */
const isLocked = `
  const { spawnSync } = await import("node:child_process");
  const isLocked = (path) => spawnSync("flock", ["-n", "-x", path, "true"]).status !== 0;
`;

test("a lock survives the garbage collection of its object", (t) => {
  const ended = runProgram(
    `${isLocked}
    const path = mayfly.mkdtempSync({ dir: data }).path;
    const { setFlagsFromString } = await import("node:v8");
    setFlagsFromString("--expose-gc");
    const gc = (await import("node:vm")).runInNewContext("gc");
    for (let round = 0; round < 10; round++) { gc(); await new Promise(setImmediate); }
    process.exitCode = isLocked(path) ? 0 : 9;`,
    scratch(t),
  );
  assert.equal(ended.status, 0, ended.stderr);
});

const WORKER = `
  import { parentPort, workerData } from "node:worker_threads";
  const mayfly = await import(workerData.library);
  parentPort.postMessage(mayfly.mkdtempSync({ dir: workerData.dir }).path);`;

test("a lock survives the end of the Worker that made it, and the directory goes with the process", (t) => {
  const dir = scratch(t);
  const ended = runProgram(
    `${isLocked}
    const worker = new Worker(data.worker, { eval: true, workerData: data });
    let path;
    worker.on("message", (made) => { path = made; });
    const { once } = await import("node:events");
    await once(worker, "exit");
    if (!fs.existsSync(path)) process.exit(8);
    process.exitCode = isLocked(path) ? 0 : 9;`,
    { dir, worker: WORKER, library },
  );
  assert.equal(ended.status, 0, ended.stderr);
  assert.deepEqual(readdirSync(dir), []);
});

test("a lock survives a killed parent whose child has the fd, and ends with the child", async (t) => {
  const dir = scratch(t);
  const parent = spawn(
    process.execPath,
    program(
      `const made = mayfly.mkdtempSync({ dir: data });
      const child = spawn("sleep", ["60"], { stdio: ["ignore", "ignore", "ignore", made.fd], detached: true });
      process.stdout.write(child.pid + " " + made.path);
      setTimeout(() => {}, 60000);`,
      dir,
    ),
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  t.after(() => parent.kill("SIGKILL"));
  const [pid = "", path = ""] = (await firstOutput(parent)).split(" ");
  t.after(() => kill(Number(pid)));
  parent.kill("SIGKILL");
  await once(parent, "exit");
  assert.deepEqual(sweepStaleSync({ dir }).removed, []);
  assert.ok(existsSync(path));
  kill(Number(pid));
  await untilDead(Number(pid));
  assert.deepEqual(sweepStaleSync({ dir }).removed, [path]);
});
