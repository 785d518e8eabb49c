/** Reads the state of processes from /proc. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { type Fd, procPath } from "./files.js";
import { signalProcess } from "./process.js";

/** A process that is alive, or a zombie. */
export interface ProcessStatus {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  readonly gid: number;
  /** Undefined for a kernel thread, or if it may not be read. */
  readonly program: Bytes | undefined;
  readonly arguments: readonly Bytes[];
  /** Its cgroup path in the unified hierarchy, or in systemd's own hierarchy if that is empty. */
  readonly cgroup: Bytes;
}

/**
 * Whether /proc shows this process's pid namespace. If it does not (a namespace without its own /proc), its PIDs
 * belong to unrelated processes.
 */
export function procShowsOwnPids(): boolean {
  return optional(() => readlinkSync("/proc/self")) === `${process.pid}`;
}

/** Undefined if the process does not exist or has exited. */
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
 * The start time of a process in clock ticks since boot, proc_pid_stat(5). Together with the PID it identifies the process.
 * Undefined if the process does not exist or has exited.
 */
export function startTicks(pid: number): number | undefined {
  const fields = optional(() => statFields(pid));
  return fields === undefined ? undefined : Number(fields[19]);
}

/** The fields of proc_pid_stat(5) from `state` on, after the name, which may contain blanks and parentheses. */
export function statFields(pid: number | "self"): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** The executable of the process. */
export function programOf(pid: number): Bytes | undefined {
  return optional(() => readlinkSync(`/proc/${pid}/exe`, "latin1")) as Bytes | undefined;
}

/** The current path of the open file. */
export function currentPath(fd: Fd): Bytes {
  return readlinkSync(procPath(fd), "latin1") as Bytes;
}

/** Whether the name by which `fd` was opened has been removed or replaced; false if /proc does not show it. */
export function isUnlinked(fd: Fd): boolean {
  return optional(() => currentPath(fd))?.endsWith(" (deleted)") ?? false;
}

export function runningPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Whether the pidfd's process has not been reaped yet. Until then, its PID cannot be reused. */
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

/** Splits consecutive NUL-terminated strings, as in /proc/PID/cmdline. */
export function splitArguments(text: string): Bytes[] {
  return (text === "" ? [] : text.replace(/\0$/, "").split("\0")) as Bytes[];
}

function unifiedCgroup(text: string): Bytes {
  const lines = text.split("\n");
  const path = (prefix: RegExp): string => lines.find((line) => prefix.test(line))?.replace(prefix, "") ?? "";
  const unified = path(/^0::/);
  return (unified.length > 1 ? unified : path(/^\d+:name=systemd:/)) as Bytes;
}

/** A process may exit at any time, so errors from its /proc files are not failures. */
function optional<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
