/** Computes when entries expire, from their timestamps and those of their contents. */
import type { Bytes } from "../../base/bytes.js";
import { hasDate, type Nanoseconds } from "../../base/time.js";
import { S_IFDIR } from "../../sys/inode.js";
import type { EntryContext } from "../../tmpfiles/ageing/entry-context.js";
import type { Guard } from "../../tmpfiles/ageing/guards.js";
import { newestOf, timestampsOf } from "./hypothetical.js";

/** Guards that only time lifts. */
const BY_TIME: ReadonlySet<string> = new Set(["too-new", "not-empty"]);

/**
 * An entry expires when its newest relevant timestamp plus the age has passed; a directory not before its last entry.
 * The walk visits entries before their directory, so one pass is enough.
 */
export class Expiry {
  /** By directory: the latest expiry of its entries so far; undefined if one is kept for another reason. */
  readonly #inside = new Map<Bytes, Nanoseconds | undefined>();

  /** Undefined if the entry never expires. */
  of(
    path: Bytes,
    context: EntryContext,
    guard: Guard | undefined,
    age: Nanoseconds,
  ): Nanoseconds | undefined {
    const own = this.#own(context, guard, age);
    const isDirectory = context.stat.type === S_IFDIR;
    const expires = isDirectory ? this.withContents(path, own) : own;
    this.#inside.delete(path);
    const directory = context.within.path;
    const others = this.#inside.has(directory) ? this.#inside.get(directory) : 0n;
    this.#inside.set(directory, later(expires, others));
    return expires;
  }

  /** The expiry of a directory and its contents; `own` is that of the directory itself. */
  withContents(directory: Bytes, own: Nanoseconds | undefined): Nanoseconds | undefined {
    return this.#inside.has(directory) ? later(own, this.#inside.get(directory)) : own;
  }

  /** Marks the directory as one with an entry that never expires. */
  stays(directory: Bytes): void {
    this.#inside.set(directory, undefined);
  }

  #own(context: EntryContext, guard: Guard | undefined, age: Nanoseconds): Nanoseconds | undefined {
    if (guard !== undefined && !BY_TIME.has(guard.code)) return undefined;
    // A timestamp equal to the cutoff still keeps the entry.
    const expires = (newestOf(timestampsOf(context))?.time ?? 0n) + age + 1n;
    // No date for an age of `infinity`, or for a timestamp beyond the range of dates.
    return hasDate(expires) ? expires : undefined;
  }
}

function later(a: Nanoseconds | undefined, b: Nanoseconds | undefined): Nanoseconds | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a > b ? a : b;
}
