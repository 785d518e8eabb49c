/** Units of work. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { inSlices, SLICE_NAMES, unitId, type WorkUnit } from "#src/scratch/unit.js";

const unit = (names: readonly Bytes[], kind: WorkUnit["kind"] = "walk"): WorkUnit => ({
  kind,
  line: 1,
  base: 0,
  path: bytes("a/b"),
  inode: 7,
  times: [1, 2, 3, 4],
  names,
});

test("a unit's identity is its contents, whatever earlier attempts left", () => {
  const names = [bytes("x"), bytes("y")];
  assert.equal(unitId(unit(names)), unitId({ ...unit(names), known: { z: [0, 0, 0, 0] } }));
  assert.notEqual(unitId(unit(names)), unitId(unit([bytes("x")])));
  assert.notEqual(unitId(unit(names)), unitId(unit(names, "examine")));
});

test("slices have all names, once each and in order", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), (count) => {
      const names = Array.from({ length: count }, (_, index) => bytes(`${index}`));
      const slices = inSlices(unit(names));
      assert.deepEqual(
        slices.flatMap((slice) => slice.names),
        names,
      );
      assert.ok(slices.every((slice) => slice.names.length <= SLICE_NAMES));
    }),
    { numRuns: 20 },
  );
});

test("a slice of the longest names fits into a message of NATS, which is at most 1 MB", () => {
  const names = Array.from({ length: SLICE_NAMES }, () => "\u00ff".repeat(255) as Bytes);
  const path = "\u00ff".repeat(4095) as Bytes;
  assert.ok(Buffer.byteLength(JSON.stringify({ ...unit(names), path })) < 1024 * 1024);
});
