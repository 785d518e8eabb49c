/** Finds the mount namespaces on the host and the processes in them. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { failedWith } from "../base/errors.js";
import { type Nanoseconds, SECOND } from "../base/time.js";
import { systemClock } from "../sys/clock.js";
import type { Mount } from "../sys/mountinfo.js";
import { readMountInfo } from "../sys/mountinfo.js";
import { openProcess, signalProcess } from "../sys/process.js";
import { processStatus, runningPids, startTicks } from "../sys/processes.js";

/** A mount namespace and its processes. */
export interface NamespaceView {
  /** The kernel's name of it: `mnt:[4026531841]`. */
  readonly id: string;
  readonly pids: readonly number[];
  readonly mounts: readonly Mount[];
}

export interface Namespaces {
  readonly views: readonly NamespaceView[];
  /** Processes that cannot be inspected; their mounts are unknown. */
  readonly hidden: readonly number[];
}

/** Errors for a process that has exited. */
const GONE = new Set(["ENOENT", "ESRCH", "EINVAL"]);

export function ownNamespace(): string {
  return readlinkSync("/proc/thread-self/ns/mnt");
}

/** The mount namespace of a process or thread; undefined if it has exited, false if it cannot be inspected. */
export function namespaceOf(path: number | string): string | undefined | false {
  try {
    return readlinkSync(`/proc/${path}/ns/mnt`);
  } catch (error) {
    return GONE.has((error as NodeJS.ErrnoException).code ?? "") ? undefined : false;
  }
}

/** All mount namespaces that have processes or single threads. */
export function namespaces(ids: readonly number[] = runningPids()): Namespaces {
  const members = new Map<string, (number | string)[]>();
  const hidden: number[] = [];
  for (const pid of ids) {
    for (const task of tasksOf(pid)) {
      // The mounts may be readable although the namespace is not; the process is then treated as a namespace of its own.
      const id = namespaceOf(task);
      const key = id === false ? `process ${task}` : id;
      if (key !== undefined) members.set(key, [...(members.get(key) ?? []), task]);
    }
  }
  const views = [...members]
    .map(([id, tasks]) => viewOf(id, tasks, hidden))
    .filter((view) => view !== undefined);
  return { views, hidden: [...new Set(hidden)] };
}

/** The process, and those of its threads that are in another namespace. */
function tasksOf(pid: number): (number | string)[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).filter((thread) => thread !== `${pid}`);
    if (threads.length === 0) return [pid];
    const own = namespaceOf(pid);
    return [
      pid,
      ...threads.map((thread) => `${pid}/task/${thread}`).filter((each) => namespaceOf(each) !== own),
    ];
  } catch {
    return [pid];
  }
}

function viewOf(
  id: string,
  tasks: readonly (number | string)[],
  hidden: number[],
): NamespaceView | undefined {
  const pids = [...new Set(tasks.map((task) => Number.parseInt(`${task}`, 10)))];
  for (const task of tasks) {
    try {
      return { id, pids, mounts: readMountInfo(task) };
    } catch (error) {
      if (!failedWith(error, ...GONE)) {
        hidden.push(...pids);
        return undefined;
      }
    }
  }
  return undefined;
}

/**
 * The hidden processes that may use a directory created at that time. A process that started earlier could only have
 * entered the namespace later, and Mayfly's own commands hold the lock while they do. For an ordinary user, processes of
 * other users are ignored, since they cannot enter without root.
 */
export function suspects(hidden: readonly number[], created: Nanoseconds | undefined): number[] {
  const uid = process.geteuid?.();
  return hidden
    .filter((pid) => uid === 0 || processStatus(pid)?.uid === uid)
    .filter((pid) => created === undefined || startOf(pid) > created);
}

/** USER_HZ, the unit of times in /proc, which is the same on all machines that Node supports. */
const TICKS_PER_SECOND = 100;
/** Allowance for the difference between the clocks. */
const SLACK: Nanoseconds = 2n * SECOND;

/** When the process started; errs on the late side. */
function startOf(pid: number): Nanoseconds {
  const ticks = startTicks(pid) ?? 0;
  const uptime = Number(procText("uptime").split(" ")[0]);
  const age = Math.max(0, uptime - ticks / TICKS_PER_SECOND);
  return systemClock.now() - BigInt(Math.floor(age * 1e9)) + SLACK;
}

function procText(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return "";
  }
}

/** The processes in the mount namespace `id`. */
export function processesIn(id: string): number[] {
  return runningPids().filter((pid) => namespaceOf(pid) === id);
}

/** Sends a signal to every process of the namespace and returns their number. Pidfds make sure that no PID was reused. */
export function signalNamespace(id: string, signal: "SIGTERM" | "SIGCONT" | "SIGKILL"): number {
  let found = 0;
  for (const pid of processesIn(id)) {
    try {
      using process = openProcess(pid);
      if (namespaceOf(pid) !== id) continue;
      found++;
      signalProcess(process, constants.signals[signal]);
    } catch (error) {
      if (!failedWith(error, "ESRCH", "EPERM")) throw error;
    }
  }
  return found;
}
