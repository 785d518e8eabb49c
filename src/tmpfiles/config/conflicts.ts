/** Finds lines of the same path that conflict, and orders the others. */

import { modeOf } from "../lines/mode.js";
import type { Item, Owner } from "../model/item.js";
import type { Age } from "../syntax/age.js";

/**
 * A line that owns the path comes first, so that the path exists when the others adjust it; then in the order of the
 * letters.
 */
export function compareItems(a: Item, b: Item): number {
  if (a.type.ownsPath !== b.type.ownsPath) return a.type.ownsPath ? -1 : 1;
  return a.letter.charCodeAt(0) - b.letter.charCodeAt(0);
}

/**
 * The earliest item that conflicts with the new one of the same path, if any: the earlier line wins. Any number of lines
 * may append to a file.
 */
export function conflictingItem(items: readonly Item[], item: Item): Item | undefined {
  if (!item.type.ownsPath) return undefined;
  return items.find(
    (other) => other.type.ownsPath && !agree(other, item) && !(appends(other) && appends(item)),
  );
}

/** `w+`. */
function appends({ type, modifiers }: Item): boolean {
  return modifiers.force && type.kind === "file" && type.path === "glob";
}

function agree(a: Item, b: Item): boolean {
  return (
    (a.argumentBytes ?? "") === (b.argumentBytes ?? "") &&
    sameOwner(a.user, b.user) &&
    sameOwner(a.group, b.group) &&
    sameMode(a, b) &&
    sameAge(a.age, b.age)
  );
}

function sameOwner(a: Owner | undefined, b: Owner | undefined): boolean {
  return a?.id === b?.id && a?.onlyCreate === b?.onlyCreate;
}

/** Two lines without a mode must still create the same. */
function sameMode(a: Item, b: Item): boolean {
  return (
    modeOf(a) === modeOf(b) &&
    (a.mode === undefined) === (b.mode === undefined) &&
    a.mode?.onlyCreate === b.mode?.onlyCreate &&
    a.mode?.masked === b.mode?.masked
  );
}

function sameAge(a: Age | undefined, b: Age | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.span === b.span &&
    a.byFile === b.byFile &&
    a.byDirectory === b.byDirectory &&
    a.keepFirstLevel === b.keepFirstLevel
  );
}
