/**
 * The cost of a watch for the deleting process: cycles, instructions and CPU time of unlink(2), without a watch, under
 * `mayfly watch`, and under an audit rule while auditd runs. The three take turns. Needs root and a C compiler, and for the
 * audit rule auditd and a kernel with audit.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "./measure.js";
import { project } from "./peers.js";

const FILES = 5_000;
const ROUNDS = Number(process.env.ROUNDS ?? 9);
/** What the watch may cost. */
const ALLOWED = { ext4: 1.1, tmpfs: 1.35 } as const;

const FIGURES = ["cycles", "instructions", "cpu"] as const;
type Cost = Readonly<Record<(typeof FIGURES)[number], number>>;

function run(command: string, ...args: string[]): string {
  const done = spawnSync(command, args, { encoding: "utf8" });
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(" ")}: ${done.stderr || done.error?.message}`);
  return done.stdout;
}

/** Runs `act` while `mayfly watch` watches the directory. */
async function watched(dir: string, act: () => Cost): Promise<Cost> {
  const mayfly = join(project, "bin/mayfly.js");
  const child: ChildProcess = spawn(process.execPath, [mayfly, "watch", "--json", dir], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (child.stderr !== null) await once(child.stderr, "data");
  const result = act();
  child.kill("SIGTERM");
  await once(child, "exit");
  return result;
}

/** auditd with a log of its own, while the comparison runs; or why there is none. */
class Audit implements Disposable {
  static open(tools: string): Audit | string {
    if (spawnSync("auditctl", ["-v"]).status !== 0) return "no auditctl here";
    if (!existsSync("/proc/self/loginuid")) return "this kernel has no audit";
    if (!/^pid 0$/m.test(run("auditctl", "-s")))
      return "another auditd is running, which is not to be disturbed";
    const config = join(tools, "audit");
    mkdirSync(config, { mode: 0o750 });
    const file = join(config, "auditd.conf");
    const settings = [
      "local_events = yes",
      "write_logs = yes",
      `log_file = ${config}/audit.log`,
      "flush = NONE",
    ];
    const quiet = [
      "max_log_file_action = IGNORE",
      "space_left_action = IGNORE",
      "admin_space_left_action = IGNORE",
    ];
    const space = ["space_left = 2", "admin_space_left = 1"];
    const enough = ["disk_full_action = IGNORE", "disk_error_action = IGNORE", "log_group = root"];
    writeFileSync(file, `${[...settings, ...quiet, ...space, ...enough].join("\n")}\n`);
    chmodSync(file, 0o640);
    const daemon = spawn("auditd", ["-n", "-c", config, "-s", "nochange"], { stdio: "ignore" });
    for (let tries = 0; tries < 50; tries++) {
      if (!/^pid 0$/m.test(run("auditctl", "-s"))) return new Audit(daemon);
      spawnSync("sleep", ["0.1"]);
    }
    daemon.kill();
    return "auditd did not start";
  }

  readonly #daemon: ChildProcess;

  private constructor(daemon: ChildProcess) {
    this.#daemon = daemon;
  }

  /** Runs `act` under a rule that logs each removal below the directory. */
  measure(dir: string, act: () => Cost): Cost {
    const calls = "unlink,unlinkat,rmdir,rename,renameat,renameat2";
    const rule = ["always,exit", "-F", "arch=b64", "-S", calls, "-F", `dir=${dir}`];
    run("auditctl", "-b", "65536");
    run("auditctl", "-e", "1");
    run("auditctl", "-a", ...rule);
    try {
      return act();
    } finally {
      run("auditctl", "-d", ...rule);
      run("auditctl", "-e", "0");
    }
  }

  [Symbol.dispose](): void {
    this.#daemon.kill();
  }
}

type Samples = Record<string, Cost[]>;

async function compare(below: string, program: string, audit: Audit | string): Promise<Samples> {
  const dir = mkdtempSync(join(below, "mayfly-bench-watch-"));
  const one = (): Cost => {
    const [cycles = 0, instructions = 0, cpu = 0] = run(program, dir, `${FILES}`).split(" ").map(Number);
    return { cycles, instructions, cpu };
  };
  const samples: Samples = { unwatched: [], watched: [], ...(audit instanceof Audit && { audited: [] }) };
  try {
    one();
    for (let round = 0; round < ROUNDS; round++) {
      samples.unwatched?.push(one());
      samples.watched?.push(await watched(dir, one));
      if (audit instanceof Audit) samples.audited?.push(audit.measure(dir, one));
    }
    return samples;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function report(kind: keyof typeof ALLOWED, samples: Samples, audit: Audit | string): void {
  const base = samples.unwatched ?? [];
  for (const [name, costs] of Object.entries(samples)) {
    const figures = FIGURES.map((figure) => {
      const ratio = median(costs.map((cost, round) => cost[figure] / (base[round]?.[figure] ?? Number.NaN)));
      return `${Math.round(median(costs.map((cost) => cost[figure])))} ${figure} (${ratio.toFixed(2)})`;
    });
    const allowed = name === "watched" ? `; allowed ${ALLOWED[kind]}` : "";
    process.stdout.write(`${kind}  ${name.padEnd(10)} ${figures.join(", ")}${allowed}\n`);
  }
  if (typeof audit === "string") process.stdout.write(`${kind}  audited    not measured: ${audit}\n`);
}

const tools = mkdtempSync("/var/tmp/mayfly-bench-");
const audit = Audit.open(tools);
try {
  const program = join(tools, "unlink");
  run("cc", "-O2", "-o", program, join(project, "bench/unlink.c"));
  report("ext4", await compare("/var/tmp", program, audit), audit);
  report("tmpfs", await compare("/dev/shm", program, audit), audit);
} finally {
  if (audit instanceof Audit) audit[Symbol.dispose]();
  rmSync(tools, { recursive: true, force: true });
}
