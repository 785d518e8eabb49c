import assert from "node:assert/strict";
import { lstatSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Bytes } from "#src/base/bytes.js";
import { explainSync, forecastSync } from "#src/inspect/index.js";
import { runSync } from "#src/tmpfiles/index.js";
import { scratch } from "../../scratch.js";

/** `real/d/f` and `real/d/sub/g`, both old, with `link` leading to `real`. */
function context(t: TestContext): { top: string; config: string } {
  const top = scratch(t);
  mkdirSync(join(top, "real/d/sub"), { recursive: true });
  symlinkSync("real", join(top, "link"));
  for (const name of ["real/d/f", "real/d/sub/g", "real/d/sub", "real/d", "real"]) {
    if (/[fg]$/.test(name)) writeFileSync(join(top, name), "");
    utimesSync(join(top, name), 1e9, 1e9);
  }
  return { top, config: join(scratch(t), "test.conf") };
}

const NAMES = ["real/d", "real/d/f", "real/d/sub", "real/d/sub/g"];

const LINES: Readonly<Record<string, (top: string) => string>> = {
  "a line that names its directory by a symlink": (top) => `e ${top}/link/d - - - amAM:30d`,
  "a glob that does": (top) => `e ${top}/link/[d] - - - amAM:30d`,
  "a glob that finds a symlink to go through": (top) => `e ${top}/l*/d - - - amAM:30d`,
  "an r line by a symlink": (top) => `r ${top}/link/d/f - - - amAM:30d`,
  "an exclusion by a symlink, of which the walk by it goes": (top) =>
    `e ${top}/link/d - - - amAM:30d\nx ${top}/link/d/sub`,
  "an exclusion by a symlink, which keeps nothing from a walk by the real name": (top) =>
    `e ${top}/real - - - amAM:30d\nx ${top}/link/d/f`,
  "an exclusion by the real name, which keeps nothing from a walk by a symlink": (top) =>
    `e ${top}/link/d - - - amAM:30d\nx ${top}/real/d/f`,
};

for (const [title, lines] of Object.entries(LINES)) {
  test(`${title}: explain predicts the removal, by either name`, (t) => {
    const { top, config } = context(t);
    writeFileSync(config, `${lines(top)}\n`);
    const foretold = explainSync(
      [...NAMES, "link/d/f", "link/d/sub"].map((name) => join(top, name)),
      {
        config: [config],
      },
    );
    const entries = forecastSync([join(top, "real")], { config: [config], within: 0n }).entries;
    const options = { args: [config as Bytes], operations: ["clean"], jobs: 1 } as const;
    const { removed } = runSync(options, { wantsKept: false, report() {} });
    assert.equal(entries, removed.entries);
    for (const { path, verdict, line } of foretold) {
      const gone = lstatSync(path, { throwIfNoEntry: false }) === undefined;
      assert.equal(verdict, gone ? "remove" : "keep", path);
      if (gone) assert.equal(line?.file, config);
    }
  });
}

test("following a symlink does not change its access time", {
  skip: process.getuid?.() !== 0 && "needs root",
}, (t) => {
  const { top, config } = context(t);
  writeFileSync(config, `e ${top}/link/d - - - 30d\ne ${top}/link/[d] - - - 30d\nx ${top}/l*/d/f\n`);
  const times = (): bigint => lstatSync(join(top, "link"), { bigint: true }).atimeNs;
  const before = times();
  explainSync([join(top, "link/d/f"), join(top, "real/d/f")], { config: [config] });
  forecastSync([], { config: [config] });
  forecastSync([join(top, "link")], { config: [config] });
  assert.equal(times(), before);
});
