/** Two real programs work in Mayfly's directories while a cleaner runs. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { build } from "esbuild";
import { withTempDir } from "#src/index.js";
import { until } from "../children.js";
import { scratch } from "../scratch.js";
import { ageInALoop, cleanerMissing } from "../unit/temp/ageing.js";

const run = promisify(execFile);
const LONG_AGO = new Date("2001-02-03T04:05:06Z");
const FILES = 200;

/** A directory whose contents a cleaner with age 0 goes through all the time; undefined where there is none. */
function cleaned(t: TestContext): string | undefined {
  const missing = cleanerMissing();
  if (missing !== false) {
    t.skip(missing);
    return undefined;
  }
  const folder = scratch(t);
  const dir = join(folder, "cleaned");
  mkdirSync(dir);
  // Something to see it work by.
  mkdirSync(join(dir, "unprotected"));
  const cleaner = ageInALoop({ dir, folder, age: "0" });
  t.after(() => cleaner.kill());
  return dir;
}

test("an archive is unpacked and packed again by tar, under an active cleaner", async (t) => {
  const dir = cleaned(t);
  if (dir === undefined) return;
  const source = join(scratch(t), "source");
  mkdirSync(source);
  for (let n = 0; n < FILES; n++) {
    const inner = join(source, `d${n % 10}`);
    mkdirSync(inner, { recursive: true });
    writeFileSync(join(inner, `f${n}`), `content of ${n}`);
    utimesSync(join(inner, `f${n}`), LONG_AGO, LONG_AGO);
  }
  const archive = join(source, "../in.tar");
  execFileSync("tar", ["-C", source, "-cf", archive, "."]);
  const packed = await withTempDir(
    async ({ path }) => {
      await run("tar", ["-xf", archive, "-C", path]);
      await until("the cleaner has come by", () => !readdirSync(dir).includes("unprotected"));
      await run("tar", ["-C", path, "-cf", join(source, "../out.tar"), "."]);
      return (await run("tar", ["-tf", join(source, "../out.tar")])).stdout;
    },
    { dir },
  );
  assert.equal(packed.split("\n").filter((name) => /\/f\d+$/.test(name)).length, FILES);
  assert.deepEqual(readdirSync(dir), []);
});

test("a build with esbuild in a locked directory, under an active cleaner", async (t) => {
  const dir = cleaned(t);
  if (dir === undefined) return;
  const result = await withTempDir(
    async ({ path }) => {
      for (let n = 0; n < FILES; n++)
        writeFileSync(join(path, `m${n}.ts`), `export const v${n}: number = ${n};`);
      const names = Array.from({ length: FILES }, (_, n) => n);
      const imports = names.map((n) => `import { v${n} } from "./m${n}";`).join("\n");
      writeFileSync(
        join(path, "main.ts"),
        `${imports}\nconsole.log(${names.map((n) => `v${n}`).join(" + ")});`,
      );
      await until("the cleaner has come by", () => !readdirSync(dir).includes("unprotected"));
      await build({
        entryPoints: [join(path, "main.ts")],
        bundle: true,
        outdir: join(path, "out"),
        logLevel: "silent",
      });
      assert.ok(statSync(join(path, "out/main.js")).size > 0);
      assert.match(readFileSync(join(path, "m0.ts"), "utf8"), /v0/);
      return (await run(process.execPath, [join(path, "out/main.js")])).stdout;
    },
    { dir },
  );
  assert.equal(Number(result), (FILES * (FILES - 1)) / 2);
  assert.deepEqual(readdirSync(dir), []);
});
