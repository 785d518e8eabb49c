/** The limit of open files that Node changed at its start. */
import { readFileSync } from "node:fs";

/**
 * The soft limit of open files that this process was started with: Node raises its own to the hard one before any
 * script runs. Nothing records what it was, but it was inherited, so the parent's tells.
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
