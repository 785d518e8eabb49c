/** What the rules of `mayfly check` see of a configuration. */
import { type Bytes, dirname, isBelow } from "../../base/bytes.js";
import { fnmatch } from "../../sys/fnmatch.js";
import { type Mount, mountAt } from "../../sys/mountinfo.js";
import type { Item, ItemGroup } from "../model/item.js";

/** Directories that every user can write to on any host. */
const WORLD_WRITABLE = ["/tmp", "/var/tmp", "/dev/shm"] as Bytes[];

const GLOB = /[*?[]/;
const OTHERS_WRITE = 0o002;

/** The view of a configuration that rules use. Paths are those of the lines, including the root. */
export class Configuration {
  /** The lines that apply at boot: all of them. */
  readonly all: readonly Item[];
  /** The lines that apply on each later run, without --boot, such as the daily clean. */
  readonly byDay: readonly Item[];
  readonly root: Bytes | undefined;
  readonly mounts: readonly Mount[];
  readonly #worldWritable: ReadonlySet<Bytes>;
  readonly #ageing: readonly Item[];
  readonly #exclusions: readonly Item[];
  readonly #makers: ReadonlyMap<Bytes, Item>;

  constructor(
    boot: readonly ItemGroup[],
    day: readonly ItemGroup[],
    root: Bytes | undefined,
    mounts: readonly Mount[],
  ) {
    this.all = boot.flatMap((group) => group.items);
    this.byDay = day.flatMap((group) => group.items);
    this.root = root;
    this.mounts = mounts;
    this.#ageing = this.byDay.filter((item) => item.age !== undefined && item.type.ages === "contents");
    this.#exclusions = this.byDay.filter(isExclusion);
    this.#makers = new Map(this.all.filter(isMaker).map((item) => [item.path, item]));
    const open = this.all
      .filter(makesDirectory)
      .filter((item) => ((item.mode?.bits ?? 0) & OTHERS_WRITE) !== 0);
    this.#worldWritable = new Set([
      ...WORLD_WRITABLE.map((path) => this.#below(path)),
      ...open.map((item) => item.path),
    ]);
  }

  /** The path as it is written in a line: without the root. */
  shown(path: Bytes): Bytes {
    if (this.root === undefined || this.root === "/" || !isBelow(path, this.root)) return path;
    return (path.slice(this.root.length) || "/") as Bytes;
  }

  isWorldWritable(directory: Bytes): boolean {
    return this.#worldWritable.has(directory);
  }

  /** The world-writable directory that is the path or contains it, if any. */
  worldWritableAbove(path: Bytes): Bytes | undefined {
    return selfAndAbove(path).find((directory) => this.#worldWritable.has(directory));
  }

  /** The line by whose age the daily clean removes an entry at the path, if any: an exact one or a glob. */
  ageingAbove(path: Bytes): Item | undefined {
    const above = selfAndAbove(dirname(path));
    return this.#ageing.find(
      (item) => !isExclusion(item) && above.some((directory) => matches(item, directory)),
    );
  }

  /** Whether an exclusion, or a line for the path itself that applies daily, may keep it from being cleaned. */
  isShielded(path: Bytes): boolean {
    return (
      this.#exclusions.some((item) => overlaps(item.path, path)) ||
      this.byDay.some((item) => matches(item, path))
    );
  }

  /** The exclusions: `x` and `X` lines. */
  get exclusions(): readonly Item[] {
    return this.#exclusions;
  }

  /**
   * A directory above the path that a line gives to a user, and the first path in it with another owner. A path that no
   * line creates is root's if it is created as a parent, and otherwise has no known owner.
   */
  crossing(path: Bytes, made: boolean): { readonly above: Item; readonly below: Bytes } | undefined {
    for (const below of selfAndAbove(path)) {
      const above = this.#makers.get(dirname(below));
      const maker = this.#makers.get(below);
      if (above === undefined || !makesDirectory(above) || ownerOf(above) === 0) continue;
      if ((made || maker !== undefined) && ownerOf(maker) !== ownerOf(above)) return { above, below };
    }
    return undefined;
  }

  /** The current mount of the path. */
  mountOf(path: Bytes): Mount | undefined {
    return mountAt(this.mounts, path);
  }

  #below(path: Bytes): Bytes {
    return (this.root === undefined || this.root === "/" ? path : this.root + path) as Bytes;
  }
}

/** Whether the line only excludes paths from cleaning. */
export function isExclusion(item: Item): boolean {
  return item.type.kind === "exclusion";
}

function makesDirectory(item: Item): boolean {
  return isMaker(item) && isDirectoryLine(item);
}

/** Whether the line creates a directory, or adjusts one (`e`). */
export function isDirectoryLine({ type }: Item): boolean {
  return type.kind === "directory" || type.kind === "subvolume";
}

/** Whether the line creates its path if it is missing. */
export function isMaker(item: Item): boolean {
  return item.type.path === "exact";
}

/** The owner of what the line creates; without a user field it is root, who runs it. */
function ownerOf(item: Item | undefined): number {
  return item?.user?.id ?? 0;
}

export function hasGlob(path: Bytes): boolean {
  return GLOB.test(path);
}

/** Whether the line's path is this path, or its glob matches it. */
export function matches(item: Item, path: Bytes): boolean {
  return item.path === path || (item.type.path === "glob" && hasGlob(item.path) && fnmatch(item.path, path));
}

/** The path and all directories above it, the nearest first. */
function selfAndAbove(path: Bytes): Bytes[] {
  const paths: Bytes[] = [];
  for (let at = path; at !== "/" && at !== "."; at = dirname(at)) paths.push(at);
  return [...paths, "/" as Bytes];
}

/** Whether two paths or globs may match the same path, judged by the text before their first wildcards. */
function overlaps(a: Bytes, b: Bytes): boolean {
  if (a === b || isBelow(b, a)) return true;
  if (!hasGlob(a) && !hasGlob(b)) return false;
  const [left, right] = [beforeWildcard(a), beforeWildcard(b)];
  return left.startsWith(right) || right.startsWith(left);
}

function beforeWildcard(path: Bytes): string {
  const at = path.search(GLOB);
  return at < 0 ? path : path.slice(0, at);
}
