/** Reads kernel settings: proc_sys_fs(5). */
import { readFileSync } from "node:fs";

let protectedHardLinks: boolean | undefined;

/** Whether fs.protected_hardlinks is on, which stops users from linking to files they do not own: proc_sys_fs(5). */
export function hardLinksProtected(): boolean {
  protectedHardLinks ??= readSetting("fs/protected_hardlinks") === "1";
  return protectedHardLinks;
}

/** A kernel setting; undefined if the kernel does not have it or /proc is not mounted. */
function readSetting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    return undefined;
  }
}
