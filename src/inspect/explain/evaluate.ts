/** Evaluates what a configuration would do to certain paths: a dry run of the engine, restricted to these paths. */
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
  /** The state to assume for a path that does not exist. */
  readonly hypothetical?: Victim;
}

export interface PathEvaluations {
  /** The names by which lines reach the path: its real path, and paths through symlinks that lines contain. */
  readonly names: readonly Bytes[];
  readonly evaluations: readonly Evaluation[];
}

/** Evaluates each line for each path. */
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
  // The walk knows all lines, since any may keep an entry, but runs only those that can reach the paths.
  runItems({ exact: loaded.exact, globs: loaded.globs, only: reach.leads }, run, observer);
  const evaluationsOf = (path: Bytes, name: Bytes): Evaluation[] =>
    (observer.evaluations.get(name) ?? []).map((evaluation) =>
      evaluation.at === name ? { ...evaluation, at: path } : evaluation,
    );
  const pathEvaluations = ([path, names]: [Bytes, readonly Bytes[]]): [Bytes, PathEvaluations] => [
    path,
    { names, evaluations: names.flatMap((name) => evaluationsOf(path, name)) },
  ];
  return new Map([...named].map(pathEvaluations));
}

/** `/usr/lib/tmpfiles.d/tmp.conf:3` */
export function locationText({ file, line }: { readonly file: Bytes; readonly line: number }): string {
  return `${escapeForDisplay(file)}:${line}`;
}
