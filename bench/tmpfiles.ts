/**
 * The speed of the engine compared with systemd-tmpfiles 262: `npm run bench`. `-- --only NAME` selects the scenarios whose
 * name contains NAME; `--rounds N` and `--json FILE` set the number of rounds and write the figures. Needs an idle machine,
 * root, and about 2 GB of memory.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem, version } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compare, type Row, type Scenario, table } from "./compare.js";
import { baseline, dropIn, mayfly, nodeBinary, nodeMajors, real } from "./peers.js";
import {
  deepTree,
  directoryTree,
  flatTree,
  removeScratch,
  scratchDirectories,
  type Tree,
  wideTree,
} from "./trees.js";

interface Plan {
  readonly name: string;
  /** Builds the scenario's files below `scratch`. The result is measured at once. */
  readonly scenario: (scratch: string) => Scenario;
  readonly on: "tmpfs" | "disk";
}

const { values } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string", default: "5" }, json: { type: "string" } },
});
const rounds = Number(values.rounds);

function configuration(scratch: string, name: string, lines: readonly string[]): string {
  const file = join(scratch, `${name}.conf`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

function scan(
  name: string,
  build: (path: string) => Tree,
  targets: Scenario["targets"],
  extra: string[] = [],
): Plan {
  return {
    name,
    on: "tmpfs",
    scenario: (scratch) => {
      const tree = build(join(scratch, "tree"));
      const config = configuration(scratch, "scan", [`d ${tree.path} - - - 10d`, ...extra]);
      const args = ["--clean", config];
      return {
        name,
        ours: dropIn(...args),
        peer: real(...args),
        baseline: baseline(scratch, tree.path),
        targets,
        rounds,
      };
    },
  };
}

function remove(name: string, on: Plan["on"], targets: Scenario["targets"]): Plan {
  return {
    name,
    on,
    scenario: (scratch) => {
      const path = join(scratch, "tree");
      const config = configuration(scratch, "remove", [`d ${path} - - - 0`]);
      const args = ["--clean", config];
      const verify = (): void => {
        if (readdirSync(path).length > 0) throw new Error(`${name}: something was left`);
      };
      const prepare = (): void => void wideTree(path, 250_000, 100);
      return {
        name,
        ours: dropIn(...args),
        peer: real(...args),
        targets,
        rounds: Math.min(rounds, 3),
        prepare,
        verify,
      };
    },
  };
}

function secondRun(name: string, entries: number, wall: number): Plan {
  return {
    name,
    on: "tmpfs",
    scenario: (scratch) => {
      const tree = wideTree(join(scratch, "tree"), entries, 100);
      const config = configuration(scratch, "index", [`d ${tree.path} - - - 10d`]);
      const ours = { ...mayfly("clean", config), env: { CACHE_DIRECTORY: join(scratch, "cache") } };
      return { name, ours, peer: real("--clean", config), targets: { wall }, rounds };
    },
  };
}

const exclusions = Array.from({ length: 1000 }, (_, i) => `x /nowhere/project-${i}/*/cache-[0-9]*`);
const manyLines = Array.from({ length: 20_000 }, (_, i) => `d /nowhere/service-${i} 0755 root root 10d`);

const plans: readonly Plan[] = [
  scan("scan, 500,000 entries", (path) => wideTree(path, 500_000, 100), { wall: 0.8, cpu: 1.25 }),
  scan("scan, 2,000,000 entries", (path) => wideTree(path, 2_000_000, 100), { wall: 0.65, cpu: 1.25 }),
  scan("scan, 1,000 exclusion globs", (path) => wideTree(path, 500_000, 100), { wall: 0.05 }, exclusions),
  scan("20,000 lines of configuration", (path) => wideTree(path, 1000, 100), { wall: 1.0 }, manyLines),
  scan("one directory of 2,000,000", (path) => flatTree(path, 2_000_000), { wall: 1.1, peakMb: 130 }),
  scan("200,000 directories", (path) => directoryTree(path, 200_000), { peakMb: 130 }),
  scan("10,000 deep", (path) => deepTree(path, 10_000), { peakMb: 130 }),
  remove("remove 250,000 on tmpfs", "tmpfs", { wall: 0.75 }),
  remove("remove 250,000 on disk", "disk", { wall: 0.7 }),
  secondRun("second run, 500,000 entries", 500_000, 0.25),
  secondRun("second run, 2,000,000 entries", 2_000_000, 0.1),
  ...nodeMajors().map((major) => startPlan(major)),
];

/** The start time of the program, compared with bare Node of the same version. The warm-up writes the code cache. */
function startPlan(major: string): Plan {
  const name = `start, one line, Node ${major}`;
  return {
    name,
    on: "tmpfs",
    scenario: (scratch) => {
      const node = nodeBinary(major);
      const config = configuration(scratch, "one", [`d ${scratch}/nothing - - - 10d`]);
      const { argv } = dropIn("--clean", config);
      return {
        name: `${name}, against node -e 0`,
        ours: {
          name: "mayfly",
          argv: [node, ...argv.slice(1)],
          env: { CACHE_DIRECTORY: scratch },
        },
        peer: { name: "node -e 0", argv: [node, "-e", "0"] },
        targets: { wall: 1.4 },
        rounds: Math.max(rounds, 11),
      };
    },
  };
}

/** The time of a second run's walk relative to the first, with as many entries as in the plans that measure whole runs. */
function secondWalk(): number {
  const scratch = mkdtempSync(join(scratchDirectories().tmpfs, "mayfly-bench-"));
  try {
    const tree = wideTree(join(scratch, "tree"), 2_000_000, 100);
    // The index omits what changed in the last two seconds.
    execFileSync("sleep", ["3"]);
    const config = configuration(scratch, "index", [`d ${tree.path} - - - 10d`]);
    const script = join(import.meta.dirname, "second-walk.js");
    return Number(
      execFileSync(process.execPath, [script, config, join(scratch, "index")], { encoding: "utf8" }),
    );
  } finally {
    removeScratch(scratch);
  }
}

async function main(): Promise<void> {
  const rows: Row[] = [];
  const directories = scratchDirectories();
  for (const plan of plans.filter(({ name }) => name.includes(values.only ?? ""))) {
    const scratch = mkdtempSync(join(directories[plan.on], "mayfly-bench-"));
    try {
      const row = await compare(plan.scenario(scratch));
      rows.push(row);
      process.stderr.write(`${table([row]).split("\n").at(-1)}\n`);
    } finally {
      removeScratch(scratch);
    }
  }
  report(rows, values.only === undefined ? secondWalk() : undefined);
}

function report(rows: readonly Row[], second: number | undefined): void {
  const machine = `${cpus().length} x ${cpus()[0]?.model}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, ${version()}, Node ${process.version}`;
  process.stdout.write(`${machine}\n\n${table(rows)}\n`);
  const small = rows.find(({ name }) => name === "scan, 500,000 entries");
  const large = rows.find(({ name }) => name === "scan, 2,000,000 entries");
  const growth = small && large && large.ours.wallMs / small.ours.wallMs;
  if (growth !== undefined)
    process.stdout.write(`\nFour times the entries cost ${growth.toFixed(2)} times the time.\n`);
  if (second !== undefined)
    process.stdout.write(`The walk of a second run takes ${second.toFixed(3)} of the first one's time.\n`);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ machine, growth, second, rows }, undefined, 2)}\n`);
}

await main();
