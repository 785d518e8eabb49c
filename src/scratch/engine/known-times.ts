/** The times that directories had before this run changed them, as far as a unit knows. */
import type { Bytes } from "../../base/bytes.js";
import type { StatxBuffer } from "../../sys/scan.js";
import type { DirectoryTimes, WorkUnit } from "../unit.js";
import { setTimes } from "./level.js";

/**
 * Other workers may be removing entries of a unit's own directory, so its present times mean nothing. Others are disturbed
 * because an earlier worker was killed before it could restore them.
 */
export class KnownTimes {
  readonly #own: Bytes | undefined;
  readonly #unit: WorkUnit;
  readonly #disturbed: ReadonlyMap<Bytes, DirectoryTimes>;

  /** `before`: from the intents of earlier attempts at the unit. */
  constructor(unit: WorkUnit, before: Readonly<Record<string, DirectoryTimes>>) {
    this.#unit = unit;
    this.#own = unit.inode === 0 ? undefined : unit.path;
    this.#disturbed = new Map(Object.entries({ ...before, ...unit.known }) as [Bytes, DirectoryTimes][]);
  }

  /** Whether the directory must get its times back even if nothing more is removed from it. */
  isDisturbed(path: Bytes): boolean {
    return this.#disturbed.has(path);
  }

  /** Replaces the times in a stat of the directory. */
  apply(path: Bytes, stat: StatxBuffer): void {
    const times = path === this.#own ? this.#unit.times : this.#disturbed.get(path);
    if (times !== undefined) setTimes(stat, times);
  }

  /** What a unit for directories below `path` must know. */
  below(path: Bytes): Record<string, DirectoryTimes> {
    return Object.fromEntries([...this.#disturbed].filter(([each]) => each.startsWith(path)));
  }
}
