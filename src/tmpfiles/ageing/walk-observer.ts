/** The interface that observes a walk's decisions: explain and forecast. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { DirectoryContext, EntryContext, Environment } from "./entry-context.js";
import type { Guard } from "./guards.js";

/**
 * A closer look at a walk, for those who ask why: it may narrow the walk to the way to certain paths, and is told what the
 * guards were asked of and what came out. Nothing that it does changes a verdict.
 */
export interface WalkObserver {
  /** A line's walk begins: what follows is about what lies in `base`. */
  walkStarted(source: Source, base: Bytes): void;
  /** The entries of this directory that matter, by name; undefined where all of them do. */
  namesIn(directory: Bytes): readonly Bytes[] | undefined;
  /** One of those entries does not exist. */
  entryMissing(within: DirectoryContext, name: Bytes, environment: Environment): void;
  /** `guard` keeps the entry; undefined: it goes. The subject is only good until this returns. */
  decided(entry: EntryContext, guard: Guard | undefined, environment: Environment): void;
}
