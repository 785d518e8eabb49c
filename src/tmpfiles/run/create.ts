/** The create phase. */
import { throwIfStopped } from "../../base/stop.js";
import { glob } from "../../path/glob.js";
import { attempt } from "../model/attempt.js";
import { type Item, truncates } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";

/**
 * Applies one item in the create phase: at its path, or at each path that its glob matches. What goes wrong is
 * reported, as tolerated under the `-` modifier, and the other matches are gone on with.
 */
export function createItem(run: RunContext, item: Item): void {
  const { create, path } = item.type;
  if (create === undefined) return;
  if (path === "exact") {
    const tolerated = item.modifiers.allowFailure || (!run.effects.acts && !looksInDryRun(item));
    attempt(run, item, item.path, () => create(run, item, item.path, false), tolerated);
    return;
  }
  // What a glob matched exists, which the `:` prefix of modes and owners asks for.
  for (const match of glob(run, item.path)) {
    attempt(run, item, match, () => create(run, item, match, true));
    throwIfStopped(run.stop);
  }
}

/** In a dry run 262 looks for a way only to these; of others it says that it would make them, and no more. */
function looksInDryRun({ type, modifiers }: Item): boolean {
  return truncates(type, modifiers.force) || modifiers.replaceWrongType || modifiers.ifSourceExists;
}
