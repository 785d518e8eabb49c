/** Settings of the kernel: proc_sys_fs(5). */
import { readFileSync } from "node:fs";

let protectedHardLinks: boolean | undefined;

/** Whether fs.protected_hardlinks is on, so that nobody can link to what is not theirs: proc_sys_fs(5). */
export function hardLinksProtected(): boolean {
  protectedHardLinks ??= readSetting("fs/protected_hardlinks") === "1";
  return protectedHardLinks;
}

/** A kernel setting, or undefined where the kernel does not have it or /proc is not there. */
function readSetting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    return undefined;
  }
}
