/** The create phase. */
import { throwIfStopped } from "../../base/stop.js";
import { glob } from "../../path/glob.js";
import { attempt } from "../model/attempt.js";
import { type Item, truncates } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";

/**
 * Applies one item in the create phase: at its path, or at each path that its glob matches. Reports failures, tolerated
 * with the `-` modifier, and continues with the other matches.
 */
export function createItem(run: RunContext, item: Item): void {
  const { create, path } = item.type;
  if (create === undefined) return;
  if (path === "exact") {
    const tolerated = item.modifiers.allowFailure || (!run.effects.acts && !looksInDryRun(item));
    attempt(run, item, item.path, () => create(run, item, item.path, false), tolerated);
    return;
  }
  // The matches of a glob exist, which matters for the `:` prefix of modes and owners.
  for (const match of glob(run, item.path)) {
    attempt(run, item, match, () => create(run, item, match, true));
    throwIfStopped(run.stop);
  }
}

/** In a dry run, 262 resolves the paths of these lines only; for others it only reports that it would create them. */
function looksInDryRun({ type, modifiers }: Item): boolean {
  return truncates(type, modifiers.force) || modifiers.replaceWrongType || modifiers.ifSourceExists;
}
