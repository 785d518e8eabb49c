/** What /proc says of processes. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { type Fd, procPath } from "./files.js";
import { signalProcess } from "./process.js";

/** What /proc says of a process that is alive, or has not been waited for yet. */
export interface ProcessStatus {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  readonly gid: number;
  /** Undefined where it may not be read, or of a kernel thread. */
  readonly program: Bytes | undefined;
  readonly arguments: readonly Bytes[];
  /** The path of its cgroup: of the unified hierarchy, or of systemd's own where that is empty. */
  readonly cgroup: Bytes;
}

/**
 * Whether /proc shows the pid namespace that this process is in. Where it does not (a namespace without a /proc of its
 * own), its numbers are those of strangers.
 */
export function procShowsOwnPids(): boolean {
  return optional(() => readlinkSync("/proc/self")) === `${process.pid}`;
}

/** Undefined where there is no such process (any more). */
export function processStatus(pid: number): ProcessStatus | undefined {
  const status = optional(() => readFileSync(`/proc/${pid}/status`, "latin1"));
  if (status === undefined) return undefined;
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return {
    pid,
    parent: field("PPid"),
    uid: field("Uid"),
    gid: field("Gid"),
    program: programOf(pid),
    arguments: splitArguments(optional(() => readFileSync(`/proc/${pid}/cmdline`, "latin1")) ?? ""),
    cgroup: unifiedCgroup(optional(() => readFileSync(`/proc/${pid}/cgroup`, "latin1")) ?? ""),
  };
}

/**
 * When a process started, in ticks since boot, proc_pid_stat(5): with its number, what tells it from all others. Undefined
 * where there is none (any more).
 */
export function startTicks(pid: number): number | undefined {
  const fields = optional(() => statFields(pid));
  return fields === undefined ? undefined : Number(fields[19]);
}

/** What proc_pid_stat(5) lists behind the program's name, which may hold blanks and parentheses itself: `state` first. */
export function statFields(pid: number | "self"): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** The file that the process runs. */
export function programOf(pid: number): Bytes | undefined {
  return optional(() => readlinkSync(`/proc/${pid}/exe`, "latin1")) as Bytes | undefined;
}

/** Where what the fd holds is now. */
export function currentPath(fd: Fd): Bytes {
  return readlinkSync(procPath(fd), "latin1") as Bytes;
}

/** Whether the name by which `fd` was opened has been removed since, or replaced: false if /proc does not say. */
export function isUnlinked(fd: Fd): boolean {
  return optional(() => currentPath(fd))?.endsWith(" (deleted)") ?? false;
}

export function runningPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Whether the process that the pidfd stands for has not been waited for: until then, its pid is nobody else's. */
export function isUnreaped(pidfd: Fd): boolean {
  try {
    signalProcess(pidfd, 0);
    return true;
  } catch (error) {
    if (failedWith(error, "EPERM")) return true;
    if (failedWith(error, "ESRCH", "EBADF")) return false;
    throw error;
  }
}

/** NUL-terminated strings in a row, as in /proc/PID/cmdline. */
export function splitArguments(text: string): Bytes[] {
  return (text === "" ? [] : text.replace(/\0$/, "").split("\0")) as Bytes[];
}

function unifiedCgroup(text: string): Bytes {
  const lines = text.split("\n");
  const path = (prefix: RegExp): string => lines.find((line) => prefix.test(line))?.replace(prefix, "") ?? "";
  const unified = path(/^0::/);
  return (unified.length > 1 ? unified : path(/^\d+:name=systemd:/)) as Bytes;
}

/** A process may go at any moment: whatever /proc then says of it is no failure. */
function optional<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
