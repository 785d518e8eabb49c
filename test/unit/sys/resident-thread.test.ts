/** A thread that makes one call after the other: order, errors, callbacks, and no growth. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import type { Event } from "#src/base/events.js";
import { ResidentEngine } from "#src/tmpfiles/index.js";

const NOTHING = { operations: ["create"], inline: true, args: [bytes("x /nowhere")] } as const;
const fds = (): number => readdirSync("/proc/self/fd").length;

test("calls are made one after the other, and the same thread makes them all", async () => {
  await using engine = new ResidentEngine();
  await engine.run(NOTHING);
  const before = fds();
  const summaries = await Promise.all(Array.from({ length: 50 }, () => engine.run(NOTHING)));
  assert.ok(summaries.every(({ exitStatus }) => exitStatus === 0));
  assert.equal(fds(), before);
});

test("what a reporter throws rejects that call alone", async () => {
  await using engine = new ResidentEngine();
  const broken = { ...NOTHING, args: ["not a line" as Bytes] };
  const events: Event[] = [];
  const listening = { wantsKept: false, report: (event: Event) => events.push(event) };
  const throwing = {
    wantsKept: false,
    report: () => {
      throw new RangeError("from the reporter");
    },
  };
  await assert.rejects(engine.run(broken, throwing), RangeError);
  await engine.run(broken, listening);
  assert.equal(events.length, 1);
  await assert.rejects(engine.run({ operations: [] } as never), TypeError);
  assert.equal((await engine.run(NOTHING)).exitStatus, 0);
});

test("an engine can run again after it was disposed of", async () => {
  const engine = new ResidentEngine();
  await engine.run(NOTHING);
  await engine[Symbol.asyncDispose]();
  assert.equal((await engine.run(NOTHING)).exitStatus, 0);
  await engine[Symbol.asyncDispose]();
});
