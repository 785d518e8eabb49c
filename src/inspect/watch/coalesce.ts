/** Groups events that one process caused in a row. */
import { type Bytes, dirname, isBelow } from "../../base/bytes.js";
import type { Nanoseconds } from "../../base/time.js";
import type { WatchEvent } from "../events.js";

/** Something that one process did many times. */
export interface EventGroup {
  readonly first: WatchEvent;
  readonly count: number;
  /** The directory that contains all of it. */
  readonly below: Bytes;
  /** The first few paths. */
  readonly paths: readonly Bytes[];
  readonly until: Nanoseconds;
}

const SHOWN = 5;
const IDLE_MS = 400;
const LONGEST_MS = 3_000;

interface Open {
  block: { -readonly [Key in keyof EventGroup]: EventGroup[Key] };
  readonly since: number;
  touched: number;
}

/**
 * Combines consecutive events of one process into groups. A group ends when its process pauses, so that an `rm -r` of a
 * million files is one. Call `tick` periodically.
 */
export class EventCoalescer {
  readonly #emit: (block: EventGroup) => void;
  readonly #open = new Map<string, Open>();

  constructor(emit: (block: EventGroup) => void) {
    this.#emit = emit;
  }

  push(event: WatchEvent): void {
    const now = performance.now();
    const { actor, op, line } = event;
    const key = `${actor.pid} ${actor.exe ?? ""} ${op} ${line?.file ?? ""} ${line?.line ?? ""}`;
    const open = this.#open.get(key);
    if (open === undefined) {
      const block = {
        first: event,
        count: 1,
        below: dirname(event.path),
        paths: [event.path],
        until: event.time,
      };
      this.#open.set(key, { block, since: now, touched: now });
      return;
    }
    open.touched = now;
    const { block } = open;
    block.count++;
    block.until = event.time;
    block.below = common(block.below, dirname(event.path));
    if (block.paths.length < SHOWN) block.paths = [...block.paths, event.path];
  }

  /** Emits groups whose process has paused, or that have lasted long. */
  tick(): void {
    const now = performance.now();
    this.#release(({ touched, since }) => now - touched > IDLE_MS || now - since > LONGEST_MS);
  }

  flush(): void {
    this.#release(() => true);
  }

  #release(due: (open: Open) => boolean): void {
    for (const [key, open] of this.#open) {
      if (!due(open)) continue;
      this.#open.delete(key);
      this.#emit(open.block);
    }
  }
}

function common(a: Bytes, b: Bytes): Bytes {
  let above = a;
  while (!isBelow(b, above)) above = dirname(above);
  return above;
}
