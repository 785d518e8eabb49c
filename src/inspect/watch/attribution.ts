import { type Bytes, isBelow, parent } from "../../base/bytes.js";
import type { Operation, Source, TimestampName } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import { keepingAdvice } from "../explain/advice.js";
import { loadConfiguration } from "../explain/configuration.js";
import { judge } from "../explain/judge.js";
import { newestOf, type Timestamp } from "../explain/subject.js";
import { type CleanerCall, cleanerCall } from "./cleaner.js";
import type { Victim, WatchEvent } from "./event.js";

/** What told a cleaner to remove the entries of one directory. */
interface Cause {
  readonly line: Source;
  /** The timestamps that the line goes by; none where it goes by no age. */
  readonly goesBy: readonly TimestampName[];
}

const MOST_REMEMBERED = 10_000;

/**
 * Finds the line for which a cleaner removed an entry, and the timestamp that let it: by the configuration that the
 * cleaner was called with, and the engine's own guards, asked about what the entry was.
 */
export class Attribution {
  readonly #configurations = new Map<string, Loaded | undefined>();
  /** By call, directory and kind: a cleaner removes many entries of one directory for one cause. */
  readonly #causes = new Map<string, Cause | undefined>();

  /** The event, with its cause where a cleaner did it. */
  attribute(event: WatchEvent): WatchEvent {
    if (event.op !== "delete") return event;
    const call = cleanerCall(event.actor);
    const cause = call === undefined ? undefined : this.#cause(call, event);
    if (cause === undefined) return event;
    const decisive = decisiveOf(cause, event.victim);
    const advice = keepingAdvice(event.path, decisive?.timestamp);
    return { ...event, line: cause.line, ...(decisive !== undefined && { decisive }), advice };
  }

  #cause(call: CleanerCall, event: WatchEvent): Cause | undefined {
    const isDirectory = event.kind === "directory";
    const key = `${JSON.stringify(call)}\0${parent(event.path)}\0${isDirectory}`;
    if (this.#causes.has(key)) return this.#causes.get(key);
    if (this.#causes.size > MOST_REMEMBERED) this.#causes.clear();
    const cause = this.#find(call, event);
    this.#causes.set(key, cause);
    return cause;
  }

  #find(call: CleanerCall, event: WatchEvent): Cause | undefined {
    for (const operation of call.operations) {
      const loaded = this.#configuration(call);
      if (loaded === undefined) return undefined;
      const found = walked(loaded, operation, event) ?? named(loaded, operation, event.path);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #configuration(call: CleanerCall): Loaded | undefined {
    const key = JSON.stringify(call);
    if (!this.#configurations.has(key)) {
      const { config, root, boot } = call;
      const loaded = loadConfiguration({ config, ...(root !== undefined && { root }) }, boot);
      this.#configurations.set(key, loaded.aborted ? undefined : loaded);
    }
    return this.#configurations.get(key);
  }
}

/** The line whose walk would remove an entry like this one. */
function walked(loaded: Loaded, operation: Operation, { path, time, victim }: WatchEvent): Cause | undefined {
  const imagined = victim === undefined ? {} : { imagined: victim };
  const looks =
    judge([path], loaded, { operation, at: time, version: 262, ...imagined }).get(path)?.looks ?? [];
  // What was seen of it last may be newer than what the cleaner saw: then the line that walks there is the cause.
  const look =
    looks.find(({ removed }) => removed) ??
    looks.find(({ at, timestamps }) => at === path && timestamps.length > 0);
  if (look === undefined) return undefined;
  return { line: look.source, goesBy: look.timestamps.map(({ timestamp }) => timestamp) };
}

/** A line that names the path, or a directory above it that went with all that was in it. */
function named(loaded: Loaded, operation: Operation, path: Bytes): Cause | undefined {
  const items = [...loaded.exact, ...loaded.globs].flatMap((group) => group.items);
  const item = items.find((each) => {
    const acts = operation === "purge" ? each.modifiers.purge : each.type[operation] !== undefined;
    return acts && isBelow(path, each.path);
  });
  return item && { line: item.source, goesBy: [] };
}

/** The newest of those that the line goes by: had it been newer, the entry had stayed. */
function decisiveOf({ goesBy }: Cause, victim: Victim | undefined): Timestamp | undefined {
  if (victim === undefined) return undefined;
  const times = goesBy.flatMap((timestamp) => {
    const time: Nanoseconds | undefined = victim[timestamp];
    return time === undefined ? [] : [{ timestamp, time }];
  });
  return newestOf(times);
}
