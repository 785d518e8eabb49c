/** Files that Workers create, when the Worker ends and when the program ends. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { scratch } from "../../scratch.js";
import { library, runProgram } from "./program.js";

/** A program with a Worker that has made a directory and a file, and then does what the test asks for. */
function withWorker(dir: string, then: string, main: string): ReturnType<typeof runProgram> {
  const worker = `import(${JSON.stringify(library)}).then((mayfly) => {
    const dir = ${JSON.stringify(dir)};
    require("node:fs").writeFileSync(mayfly.mkdtempSync({ dir }).path + "/file", "x");
    mayfly.mkstempSync({ dir });
    require("node:worker_threads").parentPort.postMessage("made");
    ${then}
  });`;
  const body = `const count = () => fs.writeSync(1, String(fs.readdirSync(data.dir).length));
    const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [] });
    const exited = new Promise((resolve) => worker.on("exit", resolve));
    await new Promise((resolve) => worker.once("message", resolve));
    ${main}`;
  return runProgram(body, { dir });
}

const STAYS = "setInterval(() => {}, 1000);";
const BUSY = "for (;;) { mayfly.mkdtempSync({ dir }).removeSync(); mayfly.mkdtempSync({ dir }); }";

const cases: Record<string, [then: string, main: string, status: number, stdout: string]> = {
  "is terminated": [STAYS, "await worker.terminate(); count();", 0, "0"],
  "is terminated while it is busy": [BUSY, "await worker.terminate(); count();", 0, "0"],
  "is alive when the program exits": [STAYS, "process.exit(3);", 3, ""],
  "is busy when the program exits": [BUSY, "setTimeout(() => process.exit(3), 50);", 3, ""],
  "has ended: it stays until the program ends": ["process.exit();", "await exited; count();", 0, "2"],
};

for (const [what, [then, main, status, stdout]] of Object.entries(cases)) {
  test(`files of a Worker are removed if it ${what}`, (t) => {
    const dir = scratch(t);
    const ended = withWorker(dir, then, main);
    assert.equal(ended.status, status, ended.stderr);
    assert.equal(ended.stdout, stdout);
    assert.deepEqual(readdirSync(dir), []);
  });
}

test("the registry grows as Workers create files, and all are removed", (t) => {
  const dir = scratch(t);
  const worker = `import(${JSON.stringify(library)}).then((mayfly) => {
    for (let n = 0; n < 300; n++) mayfly.mkdtempSync({ dir: ${JSON.stringify(dir)} });
  });`;
  const body = `for (let n = 0; n < 3; n++) {
      const worker = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [] });
      await new Promise((resolve) => worker.once("exit", resolve));
    }
    fs.writeSync(1, String(fs.readdirSync(data.dir).length));`;
  const ended = runProgram(body, { dir });
  assert.equal(ended.stdout, "900", ended.stderr);
  assert.deepEqual(readdirSync(dir), []);
});
