/** What a journal says was removed, and what it leaves open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { type JournalEntry, JournalReader } from "#src/scratch/journal.js";

const intent = (id: string, ...names: string[]): JournalEntry => ({
  type: "intent",
  id,
  path: bytes("d"),
  names: names.map(bytes),
  times: [0, 0, 0, 0],
});
const outcome = (id: string, removed: number[], missing: number[] = []): JournalEntry => ({
  type: "outcome",
  id,
  removed,
  missing,
  bytes: 512,
});

function read(...entries: JournalEntry[]): { removed: string[]; open: string[]; bytes: number } {
  const removed: string[] = [];
  const reader = new JournalReader((path) => removed.push(path));
  for (const entry of entries) reader.read(entry);
  return { removed, open: reader.open(), bytes: reader.bytes };
}

test("an outcome counts what was removed, not what was kept or missing", () => {
  assert.deepEqual(read(intent("1", "a", "b", "c"), outcome("1", [0], [1])), {
    removed: ["d/a"],
    open: [],
    bytes: 512,
  });
});

test("an intent without an outcome is open, except for names that another worker removed or kept later", () => {
  const entries = [intent("1", "a", "b", "c", "d"), intent("2", "a", "b", "c"), outcome("2", [0], [1])];
  assert.deepEqual(read(...entries), { removed: ["d/a"], open: ["d/b", "d/d"], bytes: 512 });
});

test("a repeated outcome counts once", () => {
  const { removed } = read(intent("1", "a"), outcome("1", [0]), outcome("1", [0]));
  assert.deepEqual(removed, ["d/a"]);
});

test("resolved paths count as removed", () => {
  assert.deepEqual(read(intent("1", "a"), { type: "resolved", paths: [bytes("d/a")] }).removed, ["d/a"]);
});
