/** A year of one host whose clock is wrong after many boots, until it is set: what after=clock-sync removes, and what a right clock would. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { fixedClock } from "#src/base/time.js";
import { loadItemsSync } from "#src/tmpfiles/config/items.js";
import { runItems } from "#src/tmpfiles/run/run.js";
import { scratch } from "../../../scratch.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGIN = Date.UTC(2026, 0, 1);
const BOOTS = 400;
const SILENT = { wantsKept: false, wantsRemoved: false, report: () => {} };

/** Numbers that look random and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

class Tree {
  readonly path: string;
  readonly #config: string;

  constructor(place: string, name: string, pragma: string) {
    this.path = join(place, name);
    this.#config = join(place, `${name}.conf`);
    mkdirSync(this.path);
    writeFileSync(this.#config, `${pragma}\nd ${this.path} - - - mM:10d\n`);
  }

  write(name: string, time: number): void {
    const at = join(this.path, name);
    writeFileSync(at, "");
    utimesSync(at, new Date(time), new Date(time));
  }

  clean(wall: number, isSynchronized: boolean): void {
    const clock = fixedClock(BigInt(wall) * 1_000_000n);
    const options = {
      operations: ["clean" as const],
      clock,
      jobs: 1,
      isClockSynchronized: () => isSynchronized,
    };
    const summary = runItems(loadItemsSync({ args: [bytes(this.#config)] }), options, SILENT);
    assert.equal(summary.exitStatus, 0);
  }

  names(): string[] {
    return readdirSync(this.path).sort();
  }
}

for (const seed of [1, 2, 3])
  test(`a year of ${BOOTS} boots, order ${seed}: nothing goes that a right clock would have kept`, (t) => {
    const place = scratch(t);
    const random = numbers(seed);
    const right = new Tree(place, "right", "");
    const careful = new Tree(place, "careful", "#@ after=clock-sync");
    const plain = new Tree(place, "plain", "");
    let time = BEGIN;
    let lost = 0;
    let cleaned = 0;
    for (let boot = 0; boot < BOOTS; boot++) {
      // -1 d to +30 d after some boots, until NTP sets the clock.
      const wrong = random(3) === 0 ? (random(31 * 24) - 24) * HOUR : 0;
      const isSynchronized = wrong === 0 && random(2) === 0;
      for (const tree of [careful, plain]) tree.clean(time + wrong, isSynchronized);
      right.clean(time, true);
      const kept = careful.names();
      assert.deepEqual(
        right.names().filter((name) => !kept.includes(name)),
        [],
        `boot ${boot}`,
      );
      const left = plain.names();
      lost += right.names().filter((name) => !left.includes(name)).length;
      for (const name of right.names())
        if (!left.includes(name)) plain.write(name, Number(name.split(" ")[1]));

      time += (1 + random(12)) * HOUR;
      const before = careful.names().length;
      for (const tree of [careful, right]) tree.clean(time, true);
      cleaned += before - careful.names().length;
      // With the clock right, nothing is left over either.
      assert.deepEqual(careful.names(), right.names(), `boot ${boot}`);
      for (const tree of [careful, right, plain]) tree.write(`${boot} ${time}`, time);
      time += (1 + random(30)) * HOUR;
    }
    assert.ok(time > BEGIN + 330 * DAY && cleaned > 100, "this shows nothing");
    assert.ok(lost > 0, "without the pragma, a wrong clock removes what is not old");
  });
