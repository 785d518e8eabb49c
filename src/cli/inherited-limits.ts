/** Finds the limit of open files that Node changed when it started. */
import { readFileSync } from "node:fs";

/**
 * The soft limit of open files that this process was started with. Node raises it to the hard limit before any script
 * runs, and nothing records the old value. The parent still has it, since limits are inherited.
 */
export function inheritedOpenFiles(): bigint | undefined {
  try {
    const limits = readFileSync(`/proc/${process.ppid}/limits`, "latin1");
    const [, soft] = /^Max open files +([0-9]+) /m.exec(limits) ?? [];
    return soft === undefined ? undefined : BigInt(soft);
  } catch {
    return undefined;
  }
}
