/** Whole processes, timed from outside: wall clock, CPU (user and system, threads included), and peak memory. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly exitStatus: number;
}

export interface Command {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** VmHWM only grows, so its last reading is the peak, except for the last milliseconds. */
const POLL_MS = 4;
/** Without the caller's environment, which may slow Node down, for example by certificates that each process loads. */
const ENVIRONMENT = { PATH: process.env.PATH };

/** Time and CPU of one run. It is not observed meanwhile: on two cores, that would slow down a program with two threads. */
export async function measure(command: Command): Promise<Sample> {
  const cpuBefore = childrenCpuMs();
  const started = process.hrtime.bigint();
  const exitStatus = await ended(start(command));
  const wallMs = Number(process.hrtime.bigint() - started) / 1e6;
  return { wallMs, cpuMs: childrenCpuMs() - cpuBefore, exitStatus };
}

/** The peak of memory of one run, in MB. */
export async function peakMb(command: Command): Promise<number> {
  const child = start(command);
  let peak = 0;
  const poll = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid));
  }, POLL_MS);
  await ended(child);
  clearInterval(poll);
  return peak;
}

function start({ argv, name, env }: Command): ChildProcess {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error(`${name}: no program`);
  return spawn(program, args, { stdio: "ignore", env: { ...ENVIRONMENT, ...env } });
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => (signal === null ? resolve(code ?? -1) : reject(new Error(signal))));
  });
}

function peakOf(pid: number | undefined): number {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(line?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it ended between two readings
  }
}

/** CPU time of the children that were waited for (proc_pid_stat(5), cutime and cstime), in ticks of 10 ms. */
function childrenCpuMs(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

export interface Figures {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export function medians(samples: readonly Sample[]): Figures {
  return {
    wallMs: median(samples.map((sample) => sample.wallMs)),
    cpuMs: median(samples.map((sample) => sample.cpuMs)),
  };
}

/** The median of the ratios round by round: a drift of the machine's speed hits both sides of a round alike. */
export function pairedRatio(ours: readonly Sample[], theirs: readonly Sample[], of: keyof Figures): number {
  return median(ours.map((sample, round) => sample[of] / (theirs[round]?.[of] ?? Number.NaN)));
}
