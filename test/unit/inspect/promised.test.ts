/** The promised explain and forecast give what their Sync twins do, and call back in the caller's thread. */
import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  bytes,
  ConfigurationError,
  type Diagnostic,
  escapeForDisplay,
  explain,
  explainSync,
  forecast,
  forecastSync,
} from "#src/inspect/index.js";
import { scratch } from "../../scratch.js";

const AT = 2_000_000_000_000_000_000n;

function scene(directory: string, lines: readonly string[]): { tree: string; config: string[] } {
  const tree = `${directory}/tree`;
  mkdirSync(tree);
  for (const [name, age] of Object.entries({ old: 20, "odd\n": 5, young: 1 })) {
    const time = Number(AT / 1_000_000_000n) - age * 86_400;
    writeFileSync(`${tree}/${name}`, "x".repeat(10_000));
    utimesSync(`${tree}/${name}`, time, time);
  }
  writeFileSync(`${directory}/x.conf`, lines.map((line) => `${line.replace("%tree", tree)}\n`).join(""));
  return { tree, config: [`${directory}/x.conf`] };
}

test("explain and forecast give what their Sync twins do", async (t) => {
  const { tree, config } = scene(scratch(t), ["e %tree - - - mM:10d", "r /nothing/*", "e %tree - - - wrong"]);
  const problems: string[][] = [[], []];
  const noting = (index: number) => {
    return ({ code }: Diagnostic): void => void problems[index]?.push(code);
  };
  const paths = [`${tree}/old`, Buffer.from(`${tree}/odd\n`), `${tree}/none`];
  const expected = explainSync(paths, { config, at: AT, onDiagnostic: noting(0) });
  const explained = await explain(paths, { config, at: AT, onDiagnostic: noting(1) });
  // Other processes come and go in between.
  const lasting = explained.map(({ uses, notices, ...rest }) => rest);
  assert.deepEqual(
    lasting,
    expected.map(({ uses, notices, ...rest }) => rest),
  );
  assert.equal(explained[0]?.verdict, "remove");
  assert.equal(escapeForDisplay(explained[1]?.path ?? bytes("")), `${tree}/odd\\n`);
  assert.deepEqual(problems[0], problems[1]);
  assert.ok(problems[1]?.includes("bad-age"), problems[1]?.join());
  const options = { config, at: AT, within: 30n * 86_400_000_000_000n, onDiagnostic: () => {} };
  let seen = 0;
  const forecasted = await forecast(tree, {
    ...options,
    onProgress: ({ entries }): void => {
      seen = entries;
    },
  });
  assert.deepEqual(forecasted, forecastSync(tree, options));
  assert.equal(forecasted.entries, 3);
  assert.equal(typeof forecasted.bytes, "number");
  assert.ok(seen >= 0);
});

test("errors of configuration keep their class", async (t) => {
  const config = [`${scratch(t)}/none.conf`];
  for (const ask of [explain, forecast]) {
    await assert.rejects(ask("/tmp", { config }), (error) => {
      assert.ok(error instanceof ConfigurationError);
      assert.equal(error.diagnostics.length, 1);
      assert.match(error.message, /none\.conf/);
      return true;
    });
  }
});

test("a signal ends a forecast with its reason", async (t) => {
  const { tree, config } = scene(scratch(t), ["e %tree - - - mM:10d"]);
  const reason = new Error("no longer needed");
  await assert.rejects(
    forecast(tree, { config, signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
  const controller = new AbortController();
  const asked = forecast(["/usr", "/proc/self"], { config, signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(asked, (error) => error === reason);
});

test("a forecast that is stopped throws", (t) => {
  const { tree, config } = scene(scratch(t), ["e %tree - - - mM:10d"]);
  const stop = { words: new Int32Array(1).fill(1), indexes: [0] };
  assert.throws(() => forecastSync(tree, { config, stop }), { name: "Interruption" });
});
