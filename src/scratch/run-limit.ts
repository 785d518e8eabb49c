/** The most that a run may remove before it stops and asks. */
import type { Fd } from "../sys/files.js";
import { fileSystemSpace } from "../sys/space.js";

export interface RunLimit {
  readonly text: string;
  isExceededBy(removed: number): boolean;
}

export const NO_LIMIT: RunLimit = { text: "there is no limit", isExceededBy: () => false };

/**
 * Reads the value of --max-remove: a number of entries, or a percentage of the entries of the file system.
 *
 * @throws Error if it is neither, or if the file system does not report its number of entries.
 */
export function runLimit(text: string, root: Fd): RunLimit {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const number = Number(digits);
  if (
    digits === undefined ||
    (percent === "" && !Number.isSafeInteger(number)) ||
    (percent === "%" && number > 100)
  )
    throw new Error(`'${text}' is not a valid limit: use a number of entries, or a percentage such as 5%`);
  const most = percent === "%" ? Math.floor((inUse(root, text) * number) / 100) : number;
  return {
    text: `--max-remove=${text} allows ${most}. If that is intended, run again with a higher limit`,
    isExceededBy: (removed) => removed > most,
  };
}

function inUse(root: Fd, text: string): number {
  const { inodes } = fileSystemSpace(root);
  if (inodes.size === 0)
    throw new Error(
      `--max-remove=${text}: the file system does not report its number of entries; use a number`,
    );
  return inodes.size - inodes.free;
}
