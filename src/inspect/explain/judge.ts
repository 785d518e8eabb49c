/** What a configuration would do to certain paths: a dry run of the engine, narrowed to the way to them. */
import { type Bytes, show } from "../../base/bytes.js";
import type { Operation } from "../../base/events.js";
import { fixedClock, type Nanoseconds } from "../../base/time.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import { runItems } from "../../tmpfiles/run.js";
import type { Victim } from "../watch/event.js";
import { type CleanerVersion, lookingHands } from "./configuration.js";
import { type Look, Onlooker } from "./look.js";
import { namesOf } from "./names.js";
import { reachOf } from "./reach.js";

export interface JudgeOptions {
  readonly operation: Operation;
  readonly at: Nanoseconds;
  readonly version: CleanerVersion;
  readonly root?: Bytes | undefined;
  /** What stands in for a path that is not there. */
  readonly imagined?: Victim;
}

export interface Judged {
  /** By which lines come upon it: its real path, and those through symlinks that lines name directories by. */
  readonly names: readonly Bytes[];
  readonly looks: readonly Look[];
}

/** What each line would do to each path: a dry run of the engine, narrowed to the way to those paths. */
export function judge(paths: readonly Bytes[], loaded: Loaded, options: JudgeOptions): Map<Bytes, Judged> {
  const named = namesOf(paths, loaded, options.root);
  const all = [...new Set([...named.values()].flat())];
  const reach = reachOf(all, loaded, options.operation);
  const onlooker = new Onlooker(all, options.at, reach, options.imagined);
  const run = {
    operations: [options.operation],
    dryRun: true,
    clock: fixedClock(options.at),
    jobs: 1,
    root: options.root,
    lens: onlooker,
    walkHands: lookingHands(options.version),
  };
  // All lines are known to the walk, since any may keep an entry; those that could not come near are not run.
  runItems({ exact: loaded.exact, globs: loaded.globs, only: reach.leads }, run, onlooker);
  const looksAt = (path: Bytes, name: Bytes): Look[] =>
    (onlooker.looks.get(name) ?? []).map((look) => (look.at === name ? { ...look, at: path } : look));
  const judged = ([path, names]: [Bytes, readonly Bytes[]]): [Bytes, Judged] => [
    path,
    { names, looks: names.flatMap((name) => looksAt(path, name)) },
  ];
  return new Map([...named].map(judged));
}

/** `/usr/lib/tmpfiles.d/tmp.conf:3` */
export function placeOf({ file, line }: { readonly file: Bytes; readonly line: number }): string {
  return `${show(file)}:${line}`;
}
