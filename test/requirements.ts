/** The requirements of tests: each is the reason for skipping, or false if the host meets it. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";

/** The kernel's inode of the first pid namespace: PROC_PID_INIT_INO. */
const INITIAL_PID_NAMESPACE = "pid:[4026531836]";
/** An ordinary user's PATH often lacks the directories of root's programs. */
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

export type Skip = string | false;

export function has(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`], { env: { PATH } }).status === 0;
}

export function needsPrograms(...programs: readonly string[]): Skip {
  const missing = programs.filter((program) => !has(program));
  return missing.length > 0 && `needs ${missing.join(", ")}`;
}

export const needsRoot: Skip = process.geteuid?.() === 0 ? false : "needs root";

export const needsCompiler: Skip = has("cc") ? false : "needs a C compiler";

/** The recorder names processes by the pids of the initial pid namespace. */
export const needsInitialPidNamespace: Skip =
  readlinkSync("/proc/self/ns/pid") === INITIAL_PID_NAMESPACE
    ? false
    : "the recorder needs the initial pid namespace";

/** For a file system of the test's own, in a file: a tool that makes it, a loop device, and the kernel's driver. */
export function needsDisk(type: "ext4" | "btrfs"): Skip {
  if (needsRoot !== false) return needsRoot;
  if (!existsSync("/dev/loop-control")) return "needs loop devices";
  const known = readFileSync("/proc/filesystems", "utf8").includes(`\t${type}\n`);
  if (!known && spawnSync("modprobe", ["-q", type], { env: { PATH } }).status !== 0)
    return `needs a kernel with ${type}`;
  return needsPrograms(`mkfs.${type}`, ...(type === "btrfs" ? ["btrfs"] : []));
}
