/** The source from which a watch learns of removals. The fallback reports the same events, so only this test shows which is in use. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { scratch } from "../scratch.js";
import { NEEDS_ROOT, watching } from "../unit/inspect/watching.js";

const OTHER = "needs ext4 below the temporary directory, and the recorder";

test("on ext4 removals come from the kernel's tracepoint, and from fanotify without it", {
  skip: NEEDS_ROOT,
}, async (t) => {
  const dir = scratch(t);
  const { stdout } = spawnSync("stat", ["-f", "-c", "%T", dir], { encoding: "utf8" });
  const { abilities } = await watching(dir, () => {});
  if (!stdout.startsWith("ext2/ext3") || abilities.naming !== "bpf") return t.skip(OTHER);
  assert.equal(abilities.removals, "tracepoint");
  const plain = await watching(dir, () => {}, { without: ["tracepoint"] });
  assert.equal(plain.abilities.removals, "fanotify");
});

test("on tmpfs removals come from fanotify", { skip: NEEDS_ROOT }, async (t) => {
  const { abilities } = await watching(scratch(t, "/dev/shm"), () => {});
  assert.equal(abilities.removals, "fanotify");
});
