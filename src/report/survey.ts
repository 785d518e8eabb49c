/** Walks what a report is about: first what lines clean, by a dry run of the engine, then what is left. */
import { type Bytes, components, isBelow } from "../base/bytes.js";
import type { WalkProgress } from "../base/events.js";
import { Interruption, type StopFlag } from "../base/stop.js";
import { fixedClock, type Nanoseconds } from "../base/time.js";
import { inspectingEffects } from "../inspect/explain/configuration.js";
import { namesAround, RealPaths } from "../inspect/explain/names.js";
import { needsSimulation } from "../inspect/forecast/simulation.js";
import type { CleanerVersion } from "../inspect/index.js";
import { resolve } from "../path/resolve.js";
import type { FdNumber } from "../sys/ffi.js";
import { S_IFDIR } from "../sys/inode.js";
import { closeNumber, StatxBuffer, statxOf } from "../sys/scan.js";
import type { Loaded } from "../tmpfiles/config/items.js";
import { runItems } from "../tmpfiles/run/run.js";
import { Aggregation, type TreeLevel } from "./aggregation.js";
import type { Node } from "./node.js";
import { ReportObserver } from "./observer.js";
import { SimulatedVerdicts } from "./simulated.js";
import { addSums, stepsOf } from "./sums.js";
import { type Inherited, type PathVerdicts, UnwalkedWalk, type Walked } from "./unwalked.js";
import { EntryVerdict } from "./verdict.js";

export interface SurveyOptions {
  /** The real paths of the report; empty for all directories that lines clean. */
  readonly roots: readonly Bytes[];
  readonly runs: readonly Nanoseconds[];
  readonly from: Nanoseconds;
  readonly until: Nanoseconds;
  readonly version?: CleanerVersion;
  readonly onProgress?: (progress: WalkProgress) => void;
  readonly stop?: StopFlag | undefined;
}

export interface Surveyed {
  readonly aggregation: Aggregation;
  readonly roots: readonly Node[];
}

/** What the engine's dry run found. */
interface Cleaned {
  readonly walked: Map<Bytes, Walked>;
  readonly roots: ReadonlyMap<Bytes, TreeLevel>;
  readonly blocked: ReadonlyMap<Bytes, Inherited>;
  readonly later: ReadonlySet<Bytes>;
  /** The paths of lines below which something was walked. */
  readonly bases: Iterable<Bytes>;
  readonly verdicts?: PathVerdicts;
}

export function survey(loaded: Loaded, options: SurveyOptions): Surveyed {
  const aggregation = new Aggregation(stepsOf(options.runs, options.from));
  const cleaned = needsSimulation(loaded)
    ? simulated(loaded, options)
    : observed(loaded, aggregation, options);
  const roots = options.roots.length > 0 ? options.roots : outermostOf([...cleaned.bases]);
  const nodes = roots.flatMap((path) => rootNode(path, cleaned, aggregation));
  for (const path of cleaned.later) {
    const walked = cleaned.walked.get(new RealPaths().leadsTo(path));
    if (walked !== undefined) graft(nodes, path, walked.level);
  }
  return { aggregation, roots: nodes };
}

function outermostOf(paths: readonly Bytes[]): Bytes[] {
  return paths.filter((path) => !paths.some((other) => other !== path && isBelow(path, other)));
}

function observed(loaded: Loaded, aggregation: Aggregation, options: SurveyOptions): Cleaned {
  const { roots, runs, until, version = 262, onProgress = () => {}, stop } = options;
  const last = runs.at(-1) ?? until;
  const names = roots.length === 0 ? [] : namesAround(roots, loaded);
  const observer = new ReportObserver({ aggregation, loaded, names, runs, last, progress: onProgress });
  const { exact, globs } = loaded;
  const only = names.length === 0 ? {} : { only: (path: Bytes): boolean => observer.leads(path) };
  const run = { operations: ["clean"], dryRun: true, jobs: 1, stop, clock: fixedClock(last) } as const;
  const walkEffects = observer.effects(inspectingEffects(version));
  if (runItems({ exact, globs, ...only }, { ...run, observer, walkEffects }, observer).interrupted)
    throw new Interruption();
  observer.finish();
  const { walked, blocked, later } = observer;
  return { walked, roots: observer.roots, blocked, later, bases: walked.keys() };
}

function simulated(loaded: Loaded, options: SurveyOptions): Cleaned {
  const { roots, runs, until, version = 262, onProgress = () => {}, stop } = options;
  const names = roots.length === 0 ? [] : namesAround(roots, loaded);
  const verdicts = new SimulatedVerdicts({
    loaded,
    names,
    runs,
    last: runs.at(-1) ?? until,
    effects: () => inspectingEffects(version),
    progress: onProgress,
    stop,
  });
  const none = { walked: new Map(), roots: new Map(), blocked: new Map(), later: new Set<Bytes>() };
  return { ...none, bases: verdicts.bases.keys(), verdicts };
}

/** The node of one path of the report; none if the path is gone. */
function rootNode(path: Bytes, cleaned: Cleaned, aggregation: Aggregation): readonly Node[] {
  const found = cleaned.roots.get(path);
  if (found !== undefined) return found.children.map((node) => ({ ...node, name: path }));
  const walked = cleaned.walked.get(path);
  const verdict = new EntryVerdict();
  using fd = resolve("/" as Bytes, path, { follow: false, safe: false, preserveAtime: true });
  const stat = new StatxBuffer();
  if (statxOf(fd.number, stat) !== 0) return [];
  const entry = { stat, directory: "/" as Bytes, name: () => path };
  const inherited = cleaned.blocked.get(path) ?? cleaned.verdicts?.inherited(path);
  verdict.keep(inherited?.code ?? "no-line", inherited?.line);
  if (stat.type !== S_IFDIR) {
    cleaned.verdicts?.judge(path, stat, verdict, undefined);
    aggregation.file(0, entry, verdict, inherited?.at);
    return aggregation.takeLevel(0).children;
  }
  if (walked !== undefined) {
    aggregation.putLevel(1, walked.level);
    verdict.keep("base", walked.line);
  } else addBelow(fd.number, path, inherited, cleaned, aggregation);
  cleaned.verdicts?.judge(path, stat, verdict, aggregation.at(1));
  aggregation.directory(0, entry, verdict, inherited?.at);
  return aggregation.takeLevel(0).children;
}

function addBelow(
  fd: FdNumber,
  path: Bytes,
  inherited: Inherited | undefined,
  cleaned: Cleaned,
  aggregation: Aggregation,
): void {
  const opened = UnwalkedWalk.open(fd);
  if (opened === undefined) return;
  const walk = new UnwalkedWalk({ aggregation, walked: cleaned.walked, verdicts: cleaned.verdicts });
  try {
    walk.inside(1, opened, path, inherited);
  } finally {
    closeNumber(opened);
  }
}

/** Adds what another line's walk found in a directory after the directory itself was added. */
function graft(roots: readonly Node[], path: Bytes, level: TreeLevel): void {
  const root = roots.find(({ name }) => isBelow(path, name));
  let node: Node | undefined = root;
  for (const name of root === undefined ? [] : [...components(path.slice(root.name.length) as Bytes), ""]) {
    if (node === undefined) return;
    addSums(node.sums, level.sums);
    if (name === "") node.children = [...node.children, ...level.children];
    node = node.children.find((child) => child.name === name);
  }
}
