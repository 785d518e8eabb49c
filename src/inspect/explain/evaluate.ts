/** What a configuration would do to certain paths: a dry run of the engine, narrowed to the way to them. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import type { Operation } from "../../base/events.js";
import { fixedClock, type Nanoseconds } from "../../base/time.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import { runItems } from "../../tmpfiles/run/run.js";
import type { Victim } from "../events.js";
import { type CleanerVersion, inspectingEffects } from "./configuration.js";
import { namesOf } from "./names.js";
import { type Evaluation, ExplainObserver } from "./observer.js";
import { reachOf } from "./reach.js";

export interface EvaluateOptions {
  readonly operation: Operation;
  readonly at: Nanoseconds;
  readonly version: CleanerVersion;
  readonly root?: Bytes | undefined;
  /** What stands in for a path that is not there. */
  readonly hypothetical?: Victim;
}

export interface PathEvaluations {
  /** By which lines come upon it: its real path, and those through symlinks that lines name directories by. */
  readonly names: readonly Bytes[];
  readonly evaluations: readonly Evaluation[];
}

/** What each line would do to each path: a dry run of the engine, narrowed to the way to those paths. */
export function evaluate(
  paths: readonly Bytes[],
  loaded: Loaded,
  options: EvaluateOptions,
): Map<Bytes, PathEvaluations> {
  const named = namesOf(paths, loaded, options.root);
  const all = [...new Set([...named.values()].flat())];
  const reach = reachOf(all, loaded, options.operation);
  const observer = new ExplainObserver(all, options.at, reach, options.hypothetical);
  const run = {
    operations: [options.operation],
    dryRun: true,
    clock: fixedClock(options.at),
    jobs: 1,
    root: options.root,
    observer: observer,
    walkEffects: inspectingEffects(options.version),
  };
  // All lines are known to the walk, since any may keep an entry; those that could not come near are not run.
  runItems({ exact: loaded.exact, globs: loaded.globs, only: reach.leads }, run, observer);
  const looksAt = (path: Bytes, name: Bytes): Evaluation[] =>
    (observer.evaluations.get(name) ?? []).map((evaluation) =>
      evaluation.at === name ? { ...evaluation, at: path } : evaluation,
    );
  const pathEvaluations = ([path, names]: [Bytes, readonly Bytes[]]): [Bytes, PathEvaluations] => [
    path,
    { names, evaluations: names.flatMap((name) => looksAt(path, name)) },
  ];
  return new Map([...named].map(pathEvaluations));
}

/** `/usr/lib/tmpfiles.d/tmp.conf:3` */
export function locationText({ file, line }: { readonly file: Bytes; readonly line: number }): string {
  return `${escapeForDisplay(file)}:${line}`;
}
