/** Finds and ends the processes of a test run: those that have the run's mark in their environment. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MARK } from "../scratch.js";

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process that can be read, or those that `wanted` accepts. */
function processes(wanted: (pid: number) => boolean): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      if (!wanted(pid)) return [];
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return state === "Z" ? [] : [{ pid, parent: Number(parent), command: commandOf(pid) }];
    } catch {
      return []; // It has ended, or belongs to somebody else.
    }
  });
}

/** Its arguments except for long options: Node passes a test file dozens of them. */
function commandOf(pid: number): string {
  const [program = "", ...words] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  const args = words.filter((word) => !word.startsWith("--"));
  return [basename(program), ...args].join(" ").trim().slice(0, 80);
}

export function processesOf(run: string): Process[] {
  const mark = `${MARK}=${run}`;
  return processes((pid) => readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark));
}

/** The children of `pid`, and theirs, as far as their parents still live. */
export function descendants(pid: number): Process[] {
  const all = processes(() => true);
  const below = (parent: number): Process[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)]);
  return below(pid);
}

export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Kills the remaining processes of a run, for at most ten seconds, and returns them. */
export async function endAllOf(run: string): Promise<Process[]> {
  const found = new Map<number, Process>();
  for (let tries = 0; tries < 100; tries++) {
    const left = processesOf(run);
    if (left.length === 0) break;
    for (const each of left) {
      found.set(each.pid, each);
      kill(each.pid);
    }
    await sleep(100);
  }
  return [...found.values()];
}
