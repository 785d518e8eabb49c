/** The interface that observes a walk's decisions: explain and forecast. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { DirectoryContext, EntryContext, Environment } from "./entry-context.js";
import type { Guard } from "./guards.js";

/** Observes the decisions of a walk, and may restrict it to certain paths. It never changes a verdict. */
export interface WalkObserver {
  /** A line's walk begins in `base`. */
  walkStarted(source: Source, base: Bytes): void;
  /** The names of the entries of this directory to walk; undefined for all. */
  namesIn(directory: Bytes): readonly Bytes[] | undefined;
  /** One of those entries does not exist. */
  entryMissing(within: DirectoryContext, name: Bytes, environment: Environment): void;
  /** `guard` keeps the entry; if undefined, it is removed. The entry is valid only until this returns. */
  decided(entry: EntryContext, guard: Guard | undefined, environment: Environment): void;
}
