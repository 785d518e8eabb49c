/**
 * The cost of a private /tmp: `run` in a process, compared with a plain spawn and with bubblewrap; and the command line,
 * compared with a Node script that spawns. The contestants take turns, so that other load affects all alike. Needs root:
 * `node build/bench/private-tmp.js`. A connected run creates and removes four directories, so a busy disk would dominate the
 * result: /tmp and /var/tmp are tmpfs, in a mount namespace of the benchmark. `--on-disk` uses the host's directories.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { runPrivately as run } from "#src/private-tmp/index.js";

const CLI = resolve(import.meta.dirname, "../../bin/mayfly.js");
const SCRIPT = `require("node:child_process").spawn("true", { stdio: "inherit" }).on("exit", (code) => { process.exitCode = code; });`;
const BWRAP = ["--dev-bind", "/", "/", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp", "true"];

interface Contestant {
  readonly name: string;
  start(): Promise<unknown>;
}

const spawned = (file: string, args: readonly string[]): Promise<unknown> =>
  once(spawn(file, args, { stdio: "ignore" }), "exit");
const privately = async (mode: "connected" | "disconnected"): Promise<unknown> =>
  (await run(["true"], { mode, stdio: "ignore" })).ended;

const PLAIN: Contestant = { name: "plain spawn", start: () => spawned("true", []) };
const CONNECTED: Contestant = { name: "run, connected", start: () => privately("connected") };
const DISCONNECTED: Contestant = { name: "run, disconnected", start: () => privately("disconnected") };
const BUBBLEWRAP: Contestant = { name: "spawn bwrap", start: () => spawned("bwrap", BWRAP) };
const NODE: Contestant = {
  name: "Node script that spawns",
  start: () => spawned(process.execPath, ["-e", SCRIPT]),
};
const COMMAND_LINE: Contestant = {
  name: "mayfly run",
  start: () => spawned(process.execPath, [CLI, "run", "--", "true"]),
};

async function medians(contestants: readonly Contestant[], rounds: number): Promise<Map<Contestant, number>> {
  const times = new Map<Contestant, number[]>(contestants.map((each) => [each, []]));
  for (let round = -3; round < rounds; round++) {
    for (const each of contestants) {
      const before = performance.now();
      await each.start();
      if (round >= 0) times.get(each)?.push(performance.now() - before);
    }
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  return new Map([...times].map(([each, values]) => [each, median(values)]));
}

function report(figures: Map<Contestant, number>): void {
  for (const [{ name }, time] of figures) console.log(`${name.padEnd(26)}${time.toFixed(2).padStart(8)} ms`);
}

function check(text: string, value: number, bound: number): boolean {
  const met = value <= bound;
  console.log(`${text}: ${value.toFixed(2)} (target: at most ${bound}) ${met ? "met" : "NOT MET"}`);
  return met;
}

/** Runs the benchmark again with /tmp and /var/tmp in memory. */
function again(): number {
  const mounts = "mount -t tmpfs bench /tmp && mount -t tmpfs bench /var/tmp";
  const argv = ["--mount", "--propagation", "private", "sh", "-c", `${mounts} && exec "$@"`, "sh"];
  const own = [process.execPath, process.argv[1] ?? "", "--on-disk"];
  return spawnSync("unshare", [...argv, ...own], { stdio: "inherit" }).status ?? 1;
}

async function main(): Promise<void> {
  const hasBubblewrap = spawnSync("bwrap", ["--version"]).status === 0;
  const peers = hasBubblewrap ? [BUBBLEWRAP] : [];
  const inProcess = await medians([PLAIN, CONNECTED, DISCONNECTED, ...peers], 100);
  const wholes = await medians([NODE, COMMAND_LINE], 25);
  report(inProcess);
  report(wholes);
  const ratio = (figures: Map<Contestant, number>, a: Contestant, b: Contestant): number =>
    (figures.get(a) ?? 0) / (figures.get(b) ?? 1);
  const met = [
    check("run, connected / plain spawn", ratio(inProcess, CONNECTED, PLAIN), 2),
    check("run, disconnected / plain spawn", ratio(inProcess, DISCONNECTED, PLAIN), 2),
    check("mayfly run / Node script", ratio(wholes, COMMAND_LINE, NODE), 1.35),
    ...peers.map(() => check("run, connected / spawn bwrap", ratio(inProcess, CONNECTED, BUBBLEWRAP), 1)),
  ];
  if (!hasBubblewrap) console.log("NOT COMPARED with bubblewrap: this host does not have it");
  if (met.includes(false)) process.exitCode = 1;
}

if (process.argv.includes("--on-disk")) main();
else process.exitCode = again();
