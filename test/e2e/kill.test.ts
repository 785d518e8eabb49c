/** Runs that are killed at random moments: the next run gives the same result as an undisturbed one, and leaves nothing behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRoot, MAYFLY, mayfly, Scratch } from "./program.js";

const KILLS = Number(process.env.KILLS ?? 5);
const SIGNALS = ["SIGKILL", "SIGTERM", "SIGINT"] as const;
const LINES = 120;
const CONTENT = "content that is written at once ".repeat(100);

/** With `:` nothing is corrected later, so an error stays visible. */
function configuration(tree: string): string {
  const owner = isRoot ? ":65534 :65534" : "- -";
  const lines = Array.from({ length: LINES }, (_, n) => [
    `f ${tree}/f${n} :0640 ${owner} - ${CONTENT}`,
    `F ${tree}/F${n} :0604 ${owner} - ${CONTENT}`,
    `d ${tree}/d${n} :2751 ${owner}`,
    `p ${tree}/p${n} :0606 ${owner}`,
    `L ${tree}/l${n} - ${owner} - target-${n}`,
  ]);
  return `${lines.flat().join("\n")}\n`;
}

/** Each inode as text, by its name. */
function looks(tree: string): string[] {
  const look = (path: string): string[] => {
    const stat = lstatSync(path);
    const what = `${path.slice(tree.length)} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.nlink}`;
    if (stat.isSymbolicLink()) return [`${what} -> ${readlinkSync(path)}`];
    if (stat.isFile()) return [`${what} ${readFileSync(path, "latin1")}`];
    if (!stat.isDirectory()) return [what];
    return [
      what,
      ...readdirSync(path)
        .sort()
        .flatMap((name) => look(join(path, name))),
    ];
  };
  return look(tree);
}

async function killed(args: readonly string[], signal: NodeJS.Signals, after: number): Promise<boolean> {
  const child = spawn(process.execPath, [MAYFLY, ...args], {
    stdio: "ignore",
    env: { PATH: process.env.PATH },
  });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  await sleep(after);
  child.kill(signal);
  const [, by] = await ended;
  return by === signal;
}

test(`create, killed ${KILLS} times by each of ${SIGNALS.join(", ")}`, async (context) => {
  using scratch = new Scratch();
  const make = (): { tree: string; config: string } => {
    const directory = mkdtempSync(join(scratch.path, "tree-"));
    const config = join(directory, "make.conf");
    const tree = join(directory, "tree");
    mkdirSync(tree);
    writeFileSync(config, configuration(tree));
    return { tree, config };
  };
  const undisturbed = make();
  const started = performance.now();
  assert.equal(mayfly(["create", undisturbed.config]).status, 0);
  const takes = performance.now() - started;
  const expected = looks(undisturbed.tree);
  let hit = 0;
  for (const signal of SIGNALS) {
    for (let n = 0; n < KILLS; n++) {
      const { tree, config } = make();
      // Most of the run comes after its start.
      if (await killed(["create", config], signal, takes * (0.3 + 0.8 * Math.random()))) hit++;
      for (const one of looks(tree).slice(1))
        assert.ok(one.startsWith("/.mayfly-") || expected.includes(one), `half made: ${one.slice(0, 80)}`);
      assert.equal(mayfly(["create", config]).status, 0);
      assert.deepEqual(looks(tree), expected);
      rmSync(join(tree, ".."), { recursive: true });
    }
  }
  context.diagnostic(`${hit} of ${KILLS * SIGNALS.length} were killed before they were done`);
});
