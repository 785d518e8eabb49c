/** Random configuration files that are read but not run: both programs reject the same lines. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { bytes } from "#src/base/bytes.js";
import { loadItemsSync } from "#src/tmpfiles/index.js";
import { reference } from "../reference.js";
import { scratch } from "../scratch.js";
import { render, written } from "./configuration.js";

const real = reference();
const skip = real.missing ?? false;
const folder = scratch({ after });

const file = join(folder, "x.conf");
const RUNS = Number(process.env.CASES ?? 200);
const seed = Number(process.env.SEED ?? 1);

/** By line number: that it was found fault with. */
function faultsOfReal(): string[] {
  const { stderr } = spawnSync(real.binary ?? "", ["--dry-run", "--remove", file], {
    encoding: "latin1",
    env: {
      ...process.env,
      SYSTEMD_LOG_LEVEL: "notice",
      SYSTEMD_LOG_TARGET: "console",
      CREDENTIALS_DIRECTORY: folder,
    },
  });
  const numbers = stderr
    .split("\n")
    // A host without a machine ID: only the first line of those that are skipped for it is reported.
    .filter((line) => !line.includes("Failed to resolve specifier"))
    .flatMap((line) =>
      line.startsWith(`${file}:`) ? [line.slice(file.length + 1).split(":")[0] ?? ""] : [],
    );
  return [...new Set(numbers)].sort();
}

/** For problems of arguments, 262 does not always report the line. */
const UNPLACED = ["bad-argument", "ignored-argument"];

function faultsOfOurs(): { all: Set<string>; placed: Set<string> } {
  const { diagnostics } = loadItemsSync({
    args: [bytes(file)],
    environment: { ...process.env, CREDENTIALS_DIRECTORY: folder },
  });
  const grave = diagnostics.filter(
    ({ severity, line }) => line > 0 && (severity === "error" || severity === "warning"),
  );
  const lines = (of: typeof grave): Set<string> => new Set(of.map(({ line }) => `${line}`));
  return { all: lines(grave), placed: lines(grave.filter(({ code }) => !UNPLACED.includes(code))) };
}

test(`${RUNS} random configuration files: the same lines are invalid`, { skip }, () => {
  writeFileSync(join(folder, "greeting"), "good day\n");
  const property = fc.property(fc.array(written, { minLength: 1, maxLength: 30, size: "max" }), (lines) => {
    const text = lines.map((line) => render(line, "/nowhere"));
    writeFileSync(file, `${text.join("\n")}\n`, "latin1");
    const named = (numbers: string[]): string[] =>
      numbers.map((number) => `${number}: ${text[Number(number) - 1]}`);
    const [ours, real] = [faultsOfOurs(), new Set(faultsOfReal())];
    assert.deepEqual(named([...real].filter((line) => !ours.all.has(line))), [], "only the real one refuses");
    assert.deepEqual(named([...ours.placed].filter((line) => !real.has(line))), [], "only ours refuses");
  });
  fc.assert(property, { seed, numRuns: RUNS, unbiased: true });
});
