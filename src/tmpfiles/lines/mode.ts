/** The mode with which an item is created. */
import type { Item } from "../model/item.js";

const DEFAULT_MODE = 0o644;

/** The mode of a new inode. */
export function modeOf(item: Item): number {
  return item.mode?.bits ?? item.type.defaultMode ?? DEFAULT_MODE;
}
