import type { Bytes } from "../../base/bytes.js";
import { lookingWalkHands, NO_LOCK, type WalkHands } from "../../tmpfiles/ageing/walk-hands.js";
import { type Loaded, loadItems } from "../../tmpfiles/config/items.js";
import { parseLine } from "../../tmpfiles/config/line.js";
import { DEFAULT_AGE_BY_DIRECTORY, DEFAULT_AGE_BY_FILE, type Item } from "../../tmpfiles/item.js";

/** The cleaner that is asked about: of systemd 262, whose ways are Mayfly's too, or of an older host. */
export type CleanerVersion = 252 | 262;

export interface ConfigurationOptions {
  /** Configuration files, as `mayfly clean` takes them; all of the host's where none is named. */
  readonly config?: readonly Bytes[];
  readonly root?: Bytes;
  readonly version?: CleanerVersion;
}

/** The lines that count, as that cleaner understands them. */
export function loadConfiguration(options: ConfigurationOptions, boot = false): Loaded {
  const loaded = loadItems({
    args: options.config ?? [],
    root: options.root,
    boot,
    asIn252: options.version === 252,
  });
  if (options.version === 252) {
    for (const { items } of [...loaded.exact, ...loaded.globs])
      items.splice(0, items.length, ...items.map(itemAsIn252));
  }
  return loaded;
}

/** 252 asks for no locks on files, only on directories. */
export function lookingHands(version: CleanerVersion): WalkHands {
  const hands = lookingWalkHands();
  return version === 252 ? { ...hands, lockFile: () => NO_LOCK } : hands;
}

/** In 252 `X` inherits an age without what it goes by, `r` and `R` remove by no age, and `x` with one cleans a path as written. */
function itemAsIn252(item: Item): Item {
  if (item.age === undefined) return item;
  if (item.type.clean !== undefined && item.type.remove !== undefined && item.type.path === "glob") {
    return { ...item, age: undefined };
  }
  if (item.letter === "x" && /[*?[{\\]/.test(item.path)) return { ...item, age: undefined };
  if (item.type.ageSharing !== "borrows" || saysAgeBy(item)) return item;
  return {
    ...item,
    age: { ...item.age, byFile: DEFAULT_AGE_BY_FILE, byDirectory: DEFAULT_AGE_BY_DIRECTORY },
  };
}

function saysAgeBy({ source }: Item): boolean {
  const line = parseLine(source);
  return "age" in line && line.age?.includes(":") === true;
}
