/** Finds the configuration line by which a cleaner removed an entry. */
import { type Bytes, components, dirname, isBelow, join } from "../../base/bytes.js";
import type { Operation, Source, TimestampName } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import { fnmatch } from "../../sys/fnmatch.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import type { Item } from "../../tmpfiles/model/item.js";
import type { Victim, WatchEvent } from "../events.js";
import { keepingAdvice } from "../explain/advice.js";
import { evaluate } from "../explain/evaluate.js";
import { newestOf, type Timestamp } from "../explain/hypothetical.js";
import { cleanerCall } from "./cleaner.js";
import type { CleanerCall } from "./cleaner-arguments.js";
import { loadAsCleaner } from "./cleaner-configuration.js";

/** Why a cleaner removed the entries of one directory, or why that is unknown. */
interface Cause {
  readonly line?: Source;
  /** The timestamps that the line compares; none if it has no age. */
  readonly goesBy: readonly TimestampName[];
  readonly unknown?: string;
  /** The line names this very path, so exclusions do not apply. */
  readonly itself?: boolean;
}

const MOST_CAUSES = 10_000;
const MOST_CONFIGURATIONS = 32;
const NO_LINE = "no line of its configuration, as it is now, removes this path";

/**
 * Finds the line by which a cleaner removed an entry, and the timestamp that allowed it: evaluates the engine's own guards on
 * the entry's last known state, with the configuration that the cleaner was called with.
 */
export class Attribution {
  /** By process and call, because a later run may have another configuration. */
  readonly #configurations = new Map<string, Loaded | string>();
  /** By call, directory and kind: many entries of one directory have the same cause. */
  readonly #causes = new Map<string, Cause>();

  /** The event, with its cause if a cleaner did it. */
  attribute(event: WatchEvent): WatchEvent {
    if (event.op !== "delete") return event;
    const call = cleanerCall(event.actor);
    if (call === undefined) return event;
    const cause = this.#cause(call, event);
    if (cause.line === undefined) return { ...event, lineUnknown: cause.unknown ?? NO_LINE };
    const decisive = decisiveOf(cause, event.victim);
    // No configuration file can exclude what a line on the command line removes.
    const advice = call.inline
      ? []
      : adviceFor(event, cause.line, cause.itself === true, decisive?.timestamp);
    return {
      ...event,
      line: cause.line,
      ...(decisive !== undefined && { decisive }),
      ...(advice.length > 0 && { advice }),
    };
  }

  #cause(call: CleanerCall, event: WatchEvent): Cause {
    const isDirectory = event.kind === "directory";
    const process = `${event.actor.pid} ${JSON.stringify(call)}`;
    const key = `${process}\0${dirname(event.path)}\0${isDirectory}`;
    const known = this.#causes.get(key);
    if (known !== undefined) return known;
    if (this.#causes.size >= MOST_CAUSES) this.#causes.clear();
    const cause = this.#find(call, process, event);
    // If lines name paths, each entry has a line of its own.
    if (cause.line !== undefined && cause.goesBy.length > 0) this.#causes.set(key, cause);
    return cause;
  }

  #find(call: CleanerCall, process: string, event: WatchEvent): Cause {
    if (call.unknown !== undefined) return { goesBy: [], unknown: call.unknown };
    const loaded = this.#configuration(call, process, event);
    if (typeof loaded === "string") return { goesBy: [], unknown: loaded };
    for (const operation of call.operations) {
      const found = walked(loaded, call, operation, event) ?? named(loaded, call, operation, event.path);
      if (found !== undefined) return found;
    }
    return { goesBy: [] };
  }

  #configuration(call: CleanerCall, process: string, { actor }: WatchEvent): Loaded | string {
    const known = this.#configurations.get(process);
    if (known !== undefined) return known;
    const [oldest] = this.#configurations.keys();
    if (this.#configurations.size >= MOST_CONFIGURATIONS && oldest !== undefined)
      this.#configurations.delete(oldest);
    const loaded = loadAsCleaner(call, actor.uid);
    this.#configurations.set(process, loaded);
    return loaded;
  }
}

function adviceFor(
  { path, kind }: WatchEvent,
  source: Source,
  itself: boolean,
  decisive: TimestampName | undefined,
): string[] {
  const evaluation = itself ? { evaluation: { itself, base: undefined, source } } : {};
  return keepingAdvice(path, decisive, { kind, ...evaluation });
}

/** The line whose walk would remove an entry like this one. */
function walked(
  loaded: Loaded,
  { root }: CleanerCall,
  operation: Operation,
  { path, time, victim }: WatchEvent,
): Cause | undefined {
  const hypothetical = victim === undefined ? {} : { hypothetical: victim };
  const options = { operation, at: time, version: 262 as const, root, ...hypothetical };
  const evaluations = evaluate([path], loaded, options).get(path)?.evaluations ?? [];
  // Its last known state may be newer than what the cleaner saw. The line that walks there is the cause then.
  const evaluation =
    evaluations.find(({ removed }) => removed) ??
    evaluations.find(({ at, timestamps }) => at === path && timestamps.length > 0);
  if (evaluation === undefined) return undefined;
  const { source, timestamps, itself } = evaluation;
  return { line: source, goesBy: timestamps.map(({ timestamp }) => timestamp), itself };
}

/** The line for the path or for the nearest directory above it, which was removed with its contents. */
function named(loaded: Loaded, { root }: CleanerCall, operation: Operation, path: Bytes): Cause | undefined {
  const inside = root === undefined || !isBelow(path, root) ? path : insideOf(path, root);
  const acting = [...loaded.exact, ...loaded.globs].flatMap((group) =>
    group.items.filter((item) => acts(item, operation)).map((item) => ({ item, glob: group.glob })),
  );
  for (let at = inside; ; at = dirname(at)) {
    const found = acting.find(({ item, glob }) => (glob ? fnmatch(item.path, at) : item.path === at));
    // Lines such as `D` keep the directory itself.
    if (found !== undefined && (at !== inside || found.item.type.path === "glob" || operation === "purge"))
      return { line: found.item.source, goesBy: [], itself: at === inside };
    if (at === "/") return undefined;
  }
}

function insideOf(path: Bytes, root: Bytes): Bytes {
  return components(path.slice(root.length) as Bytes).reduce(join, "/" as Bytes);
}

function acts({ modifiers, type, age }: Item, operation: Operation): boolean {
  if (operation === "purge") return modifiers.purge;
  return type[operation] !== undefined && (operation !== "clean" || age !== undefined);
}

/** The newest of the timestamps that the line compares: it decided. */
function decisiveOf({ goesBy }: Cause, victim: Victim | undefined): Timestamp | undefined {
  if (victim === undefined) return undefined;
  const times = goesBy.flatMap((timestamp) => {
    const time: Nanoseconds | undefined = victim[timestamp];
    return time === undefined ? [] : [{ timestamp, time }];
  });
  return newestOf(times);
}
