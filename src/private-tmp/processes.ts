import { readdirSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { failedWith } from "../base/errors.js";
import type { Mount } from "../sys/mountinfo.js";
import { readMountInfo } from "../sys/mountinfo.js";
import { openProcess, signalProcess } from "../sys/process.js";

/** A mount namespace and who lives in it. */
export interface NamespaceView {
  /** As the kernel names it: `mnt:[4026531841]`. */
  readonly id: string;
  readonly pids: readonly number[];
  readonly mounts: readonly Mount[];
}

export interface Namespaces {
  readonly views: readonly NamespaceView[];
  /** Processes that may not be looked at: what they have mounted, nobody knows. */
  readonly hidden: readonly number[];
}

/** A process that ended while it was looked at has no namespace any more. */
const GONE = new Set(["ENOENT", "ESRCH", "EINVAL"]);

export function processIds(): number[] {
  return readdirSync("/proc").flatMap((name) => (/^[0-9]+$/.test(name) ? [Number(name)] : []));
}

export function ownNamespace(): string {
  return readlinkSync("/proc/thread-self/ns/mnt");
}

/** The mount namespace of a process or of one of its threads; undefined where it has ended, false where it is hidden. */
export function namespaceOf(path: number | string): string | undefined | false {
  try {
    return readlinkSync(`/proc/${path}/ns/mnt`);
  } catch (error) {
    return GONE.has((error as NodeJS.ErrnoException).code ?? "") ? undefined : false;
  }
}

/** All mount namespaces that processes live in, also those that only a thread of a process is in. */
export function namespaces(ids: readonly number[] = processIds()): Namespaces {
  const members = new Map<string, (number | string)[]>();
  const hidden: number[] = [];
  for (const pid of ids) {
    for (const task of tasksOf(pid)) {
      const id = namespaceOf(task);
      if (id === false) hidden.push(pid);
      if (typeof id === "string") members.set(id, [...(members.get(id) ?? []), task]);
    }
  }
  const views = [...members]
    .map(([id, tasks]) => viewOf(id, tasks, hidden))
    .filter((view) => view !== undefined);
  return { views, hidden: [...new Set(hidden)] };
}

/** The process itself, and those of its threads that are not in its namespace. */
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

/** The processes whose mount namespace is the one named. */
export function processesIn(id: string): number[] {
  return processIds().filter((pid) => namespaceOf(pid) === id);
}

/** Sends a signal to every process of the namespace; returns how many there were. The pidfd makes sure that it is no newcomer by the same number. */
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
