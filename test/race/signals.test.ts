/** Signals to a program that creates and removes files all the time. SIGNALS=300 sends more of them. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { scratch } from "../scratch.js";
import { started } from "../unit/temp/started.js";

const BUSY = `
  const { dir } = data;
  await mayfly.cleanupOnSignal();
  fs.writeSync(1, "started");
  for (let n = 0; ; n++) {
    const directory = mayfly.mkdtempSync({ dir });
    fs.mkdirSync(directory.path + "/a/b", { recursive: true });
    for (let i = 0; i < 20; i++) fs.writeFileSync(directory.path + "/a/b/" + i, "x");
    const file = mayfly.mkstempSync({ dir });
    const other = mayfly.openTempSync({ dir, content: "x" });
    other.persistSync(directory.path + "/a/persisted");
    other.closeSync();
    if (n % 3 > 0) file.removeSync();
    if (n % 5 > 0) directory.removeSync();
  }`;

/** How many signals in all. */
const COUNT = Number(process.env.SIGNALS ?? 100);
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGTERM"] as const;

async function storm(t: TestContext, signal: NodeJS.Signals): Promise<void> {
  for (let round = 0; round < COUNT / SIGNALS.length; round++) {
    const dir = scratch(t);
    const { child, ended, stderr } = await started(t, BUSY, dir);
    await new Promise((resolve) => setTimeout(resolve, (round * 37) % 100));
    child.kill(signal);
    assert.deepEqual(await ended, [null, signal], stderr());
    assert.equal(stderr(), "");
    assert.deepEqual(readdirSync(dir), []);
  }
}

test(`${COUNT} signals to programs that create and remove all the time leave nothing`, async (t) => {
  // Four at a time, so that the load of the machine varies the moment.
  await Promise.all(SIGNALS.map((signal) => storm(t, signal)));
});
