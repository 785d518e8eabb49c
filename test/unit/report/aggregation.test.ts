/** The memory of a report does not grow with the number of entries. `ENTRIES=10000000` is what the documentation promises. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bytes } from "#src/base/bytes.js";
import { Aggregation } from "#src/report/aggregation.js";
import { countNodes } from "#src/report/node.js";
import { EntryVerdict } from "#src/report/verdict.js";
import { StatxBuffer } from "#src/sys/scan.js";

const ENTRIES = Number(process.env.ENTRIES ?? 300_000);
const IN_DIRECTORY = 50;
const IN_TREE = 40;
const MOST_BYTES = 200 << 20;

/** A regular file or a directory with these sizes, as statx(2) reports it. */
function describe(stat: StatxBuffer, mode: number, uid: number, blocks: number): void {
  stat.unsigned[0x1c / 4] = mode;
  stat.unsigned[0x14 / 4] = uid;
  stat.unsigned[0x10 / 4] = 1;
  stat.unsigned[0x30 / 4] = blocks;
}

test(`the sums of ${ENTRIES} entries are exact, and use less than 200 MB`, () => {
  const runs = Uint8Array.from({ length: 15 }, (_, run) => (run === 0 ? 0 : run <= 3 ? 1 : run <= 7 ? 2 : 3));
  const aggregation = new Aggregation(runs);
  const stat = new StatxBuffer();
  const verdict = new EntryVerdict();
  let number = 0;
  const entry = { stat, directory: "/top" as Bytes, name: () => `n${number}` as Bytes };
  const line = { file: "/t.conf" as Bytes, line: 1, text: "d /top" as Bytes };
  const expected = { entries: 0, bytes: 0 };
  const add = (depth: number, mode: number): void => {
    const blocks = (number * 7) % 1000;
    describe(stat, mode, 1000 + (number % 60), blocks);
    verdict.keep("too-new", line);
    verdict.code = undefined;
    verdict.run = number % 15;
    if (mode === 0o040755) aggregation.directory(depth, entry, verdict);
    else aggregation.file(depth, entry, verdict);
    number++;
    expected.entries++;
    expected.bytes += blocks * 512;
  };
  while (number < ENTRIES) {
    for (let tree = 0; tree < IN_TREE && number < ENTRIES; tree++) {
      for (let file = 0; file < IN_DIRECTORY; file++) add(2, 0o100644);
      add(1, 0o040755);
    }
    add(0, 0o040755);
  }
  assert.deepEqual(aggregation.totals.all.total, expected);
  assert.deepEqual(aggregation.takeLevel(0).sums.total, expected);
  assert.equal(aggregation.totals.owners.size, 60);
  assert.ok(countNodes(aggregation.at(0).children) <= 30_000);
  const { rss } = process.memoryUsage();
  assert.ok(rss < MOST_BYTES, `${rss} bytes`);
});
