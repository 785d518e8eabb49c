import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import type { Actor } from "#src/inspect/events.js";
import { cleanerCall } from "#src/inspect/watch/cleaner.js";
import { MAYFLY } from "../../e2e/program.js";

const uid = process.geteuid?.() ?? 0;

function callOf(...words: string[]) {
  const exe = bytes(process.execPath);
  const actor: Actor = { pid: process.pid, exe, cmdline: [exe, ...words.map(bytes)], uid, source: "proc" };
  return cleanerCall(actor);
}

test("the unit of mayfly install is a cleaner, as mayfly clean is", (t) => {
  const plain = callOf(MAYFLY, "clean");
  if (plain === undefined) return t.skip("another user can change this program");
  assert.deepEqual(callOf("--jitless", MAYFLY, "clean"), plain);
  // Any other flag may make Node run something else.
  assert.equal(callOf("--require", MAYFLY, "clean"), undefined);
});
