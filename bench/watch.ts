/**
 * What being watched costs the one who deletes: CPU time of an unlink(2), unwatched, watched by `mayfly watch`, and under
 * an audit rule, round by round in one run. Needs root and a C compiler; auditctl where it is installed.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { median } from "./measure.js";
import { project } from "./peers.js";

const FILES = 5_000;
const ROUNDS = 7;
/** What the watch may cost. */
const ALLOWED = { ext4: 1.1, tmpfs: 1.35 } as const;

function run(command: string, ...args: string[]): string {
  const done = spawnSync(command, args, { encoding: "utf8" });
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(" ")}: ${done.stderr || done.error?.message}`);
  return done.stdout;
}

/** Runs `act` while `mayfly watch` watches the directory. */
async function watched(dir: string, act: () => number): Promise<number> {
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

/** Runs `act` under a rule that logs each removal below the directory. */
function audited(dir: string, act: () => number): number {
  const rule = ["always,exit", "-F", "arch=b64", "-S", "unlink,unlinkat,rmdir,rename", "-F", `dir=${dir}`];
  run("auditctl", "-e", "1");
  run("auditctl", "-a", ...rule);
  try {
    return act();
  } finally {
    run("auditctl", "-d", ...rule);
    run("auditctl", "-e", "0");
  }
}

async function compare(kind: keyof typeof ALLOWED, below: string, program: string): Promise<void> {
  const dir = mkdtempSync(join(below, "mayfly-bench-watch-"));
  const hasAudit = spawnSync("auditctl", ["-v"]).status === 0;
  const one = (): number => Number(run(program, dir, `${FILES}`));
  const samples: Record<string, number[]> = { unwatched: [], watched: [], ...(hasAudit && { audited: [] }) };
  try {
    one();
    for (let round = 0; round < ROUNDS; round++) {
      samples.unwatched?.push(one());
      samples.watched?.push(await watched(dir, one));
      if (hasAudit) samples.audited?.push(audited(dir, one));
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  report(kind, samples);
}

function report(kind: keyof typeof ALLOWED, samples: Readonly<Record<string, readonly number[]>>): void {
  const base = samples.unwatched ?? [];
  for (const [name, values] of Object.entries(samples)) {
    const ratio = median(values.map((value, round) => value / (base[round] ?? Number.NaN)));
    const verdict = name === "watched" ? (ratio <= ALLOWED[kind] ? "  kept" : "  NOT KEPT") : "";
    const allowed = name === "watched" ? `, allowed ${ALLOWED[kind]}` : "";
    process.stdout.write(
      `${kind}  ${name.padEnd(10)} ${(median(values) / 1000).toFixed(2)} us CPU an unlink, ratio ${ratio.toFixed(2)}${allowed}${verdict}\n`,
    );
  }
  if (samples.audited === undefined) process.stdout.write(`${kind}  audited    not measured: no auditctl\n`);
}

const tools = mkdtempSync("/var/tmp/mayfly-bench-");
try {
  const program = join(tools, "unlink");
  run("cc", "-O2", "-o", program, join(project, "bench/unlink.c"));
  await compare("ext4", "/var/tmp", program);
  await compare("tmpfs", "/dev/shm", program);
} finally {
  rmSync(tools, { recursive: true, force: true });
}
