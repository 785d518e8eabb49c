/** Running what is tested as an ordinary user, nobody. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const PROGRAM = join(import.meta.dirname, "../../bin/mayfly.js");
export const NOBODY = 65534;

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return "needs root, to run as another user";
  const { status } = spawnSync("test", ["-r", PROGRAM], { uid: NOBODY, gid: NOBODY });
  return status === 0 ? false : "an ordinary user can't read the project where it lies";
}

/** Why nothing can be run as nobody; false where it can. */
export const cannotBeNobody = whyNot();
