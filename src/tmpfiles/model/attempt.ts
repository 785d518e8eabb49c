/** Runs one step of an item, and reports its failure. */
import type { Bytes } from "../../base/bytes.js";
import { SyscallError, UnsafePathError } from "../../base/errors.js";
import { ItemError } from "../effects/item-error.js";
import type { Item } from "./item.js";
import type { RunContext } from "./run-context.js";

/** Runs one step of an item. Reports a failure, after which the run continues. True on success. */
export function attempt(
  run: RunContext,
  item: Item,
  path: Bytes,
  act: () => void,
  tolerated = item.modifiers.allowFailure,
): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (!isFailure(error)) throw error;
    const forgiven = tolerated || (!run.effects.acts && isForeseen(error));
    run.reporter.report({ type: "failed", path, error, tolerated: forgiven, source: item.source });
    return false;
  }
}

/**
 * Reports a failure that a dry run predicts and 262 does not check for. It does not affect the exit status of the dry run.
 * A dry run unlinks nothing, so such a failure is always in the future.
 */
function isForeseen(error: Error): boolean {
  if (error instanceof ItemError) return error.code === "NOT_A_FILE" || error.code === "NOT_A_DIRECTORY";
  return error instanceof SyscallError && error.syscall === "unlinkat";
}

function isFailure(error: unknown): error is Error {
  return error instanceof SyscallError || error instanceof UnsafePathError || error instanceof ItemError;
}

/** Reports that a path was skipped, as documented. */
export function skip(
  run: RunContext,
  item: Item,
  path: Bytes,
  why: string,
  severity: "warning" | "debug" = "debug",
): void {
  run.reporter.report({ type: "skipped", path, why, severity, source: item.source });
}
