import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { checkSync } from "#src/tmpfiles/check/check.js";
import { reference } from "../reference.js";
import { scratch } from "../scratch.js";

const real = reference();
const missing = real.missing ?? false;
const skip = process.getuid?.() === 0 ? missing : "needs root, to give directories to other users";

/** Lines below a scratch directory, @. */
const CONFIGURATIONS: readonly (readonly string[])[] = [
  ["d @/a - 1000", "d @/a/b"],
  ["d @/a - 1000", "d @/a/b", "d @/a/c - 2000", "f @/a/f", "L @/a/l - - - - /x"],
  ["d @/a - 1000", "d @/a/x/c"],
  ["d @/a - 1000", "d @/a/x - 1000", "d @/a/x/c"],
  ["d @/a - 1000", "d @/a/b", "f @/a/b/f"],
  ["d @/a - 1000", "f @/a/f", "z @/a/f"],
  ["d @/a - 1000", "f @/a/f - 1000", "z @/a/f 0600 1000"],
  ["d @/a - 1000", "f @/a/f", "w @/a/f - - - - x"],
  ["d @/a - 1000", "d @/a/f", "e @/a/f 0700"],
  ["d @/a - 1000", "z @/a/not-there 0700"],
  ["d @/a - 1000", "C @/a/c - - - - /etc/hostname"],
  ["d @/a", "d @/a/b - 1000", "d @/a/b/c - 1000", "z @/a/b/c 0700"],
];

test("the rule finds exactly the paths that 262 refuses", { skip }, (t) => {
  for (const lines of CONFIGURATIONS) {
    const directory = scratch(t);
    const args = lines.map((line) => line.replace("@", directory));
    const run = () => spawnSync(real.binary ?? "", ["--create", "--inline", ...args]).status;
    run();
    const refused = run() !== 0;
    const found = checkSync({ args: args.map(bytes), inline: true }).filter(
      ({ code }) => code === "unsafe-owner-transition",
    );
    assert.equal(found.length > 0, refused, lines.join("\n"));
  }
});
