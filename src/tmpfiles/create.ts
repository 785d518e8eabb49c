import { glob } from "../path/glob.js";
import { attempt } from "./attempt.js";
import type { Item } from "./item.js";
import type { Run } from "./run.js";

/**
 * Applies one item in the create phase: at its path, or at each path that its glob matches. What goes wrong is
 * reported, as tolerated under the `-` modifier, and the other matches are gone on with.
 */
export function createItem(run: Run, item: Item): void {
  const { create, path } = item.type;
  if (create === undefined) return;
  if (path === "exact") {
    attempt(run, item, item.path, () => create(run, item, item.path, false));
    return;
  }
  // What a glob matched exists, which the `:` prefix of modes and owners asks for.
  for (const match of glob(run, item.path)) {
    attempt(run, item, match, () => create(run, item, match, true));
  }
}
