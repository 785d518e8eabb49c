/** Runs a test as an ordinary user, nobody. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const PROGRAM = join(import.meta.dirname, "../../bin/mayfly.js");
export const NOBODY = 65534;

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return "needs root, to run as another user";
  // Node itself may be in root's home directory.
  const read = ["-e", `require("node:fs").readFileSync(${JSON.stringify(PROGRAM)})`];
  const { status } = spawnSync(process.execPath, read, { uid: NOBODY, gid: NOBODY, cwd: "/" });
  return status === 0 ? false : "another user cannot read the project or run Node where they are";
}

/** The reason why nothing can run as nobody, or false. */
export const cannotBeNobody = whyNot();
