/** When entries expire: from their timestamps, and those of what lies in them. */
import type { Bytes } from "../../base/bytes.js";
import { hasDate, type Nanoseconds } from "../../base/time.js";
import { S_IFDIR } from "../../sys/inode.js";
import type { EntryContext, Guard } from "../../tmpfiles/ageing/guards.js";
import { newestOf, timestampsOf } from "./hypothetical.js";

/** Entries that only time keeps. */
const BY_TIME: ReadonlySet<string> = new Set(["too-new", "not-empty"]);

/**
 * From when on nothing keeps an entry any more: its newest timestamp that counts, plus the age; of a directory no sooner
 * than the last of its entries. The walk tells entries before their directory, so that one pass is enough.
 */
export class Expiry {
  /** By directory: the latest of its entries' so far, undefined where one of them stays for another reason. */
  readonly #inside = new Map<Bytes, Nanoseconds | undefined>();

  /** Undefined where it stays however old it gets. */
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

  /** Of a directory that expires by itself at `own`: with what was seen in it. */
  withContents(directory: Bytes, own: Nanoseconds | undefined): Nanoseconds | undefined {
    return this.#inside.has(directory) ? later(own, this.#inside.get(directory)) : own;
  }

  /** An entry of this directory stays after all. */
  stays(directory: Bytes): void {
    this.#inside.set(directory, undefined);
  }

  #own(context: EntryContext, guard: Guard | undefined, age: Nanoseconds): Nanoseconds | undefined {
    if (guard !== undefined && !BY_TIME.has(guard.code)) return undefined;
    // A timestamp at the cutoff still keeps: it expires a nanosecond after.
    const expires = (newestOf(timestampsOf(context))?.time ?? 0n) + age + 1n;
    // An age of `infinity`, or a timestamp that no calendar reaches.
    return hasDate(expires) ? expires : undefined;
  }
}

function later(a: Nanoseconds | undefined, b: Nanoseconds | undefined): Nanoseconds | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a > b ? a : b;
}
