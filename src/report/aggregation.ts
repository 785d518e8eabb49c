/** Aggregates a walk as it goes: an entry adds to the directory that it is in, and a directory, once done, to the one above. */
import { type Bytes, join } from "../base/bytes.js";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../sys/inode.js";
import type { StatxBuffer } from "../sys/scan.js";
import { countNodes, type Node, type NodeKind, prune } from "./node.js";
import { addPart, addSums, newSteps, newSums, stepOf, Totals } from "./sums.js";
import { type EntryVerdict, expiryOf, NO_RUN, timestampName } from "./verdict.js";

/** A node needs this share of the bytes or of the entries. */
const SMALLEST_SHARE = 1 / 4_000;
/** So many nodes are kept before the small ones among them are dropped. */
const MOST_NODES = 20_000;
const LARGEST = 50;

/** An entry that is large, with its path. */
export interface LargeEntry {
  readonly directory: Bytes;
  readonly node: Node;
}

/** What is known of a directory while the walk is in it. */
export class TreeLevel {
  sums = newSums();
  children: Node[] = [];
  /** The newest timestamp of all entries. */
  seconds = 0;
  nanoseconds = 0;
  /** An entry never expires. */
  keeps = false;
  /** The last run that removes an entry, and the first. */
  lastRun = NO_RUN;
  firstRun = NO_RUN;
  owners = new Map<number, number>();
  readonly steps = newSteps();
  #uid = Number.NaN;
  #bytesOfUid = 0;

  addOwner(uid: number, bytes: number): void {
    if (uid !== this.#uid) {
      this.settleOwner();
      this.#uid = uid;
    }
    this.#bytesOfUid += bytes;
  }

  addStep(step: number, bytes: number): void {
    this.steps[step] = (this.steps[step] ?? 0) + bytes;
  }

  settleOwner(): void {
    if (this.#bytesOfUid > 0)
      this.owners.set(this.#uid, (this.owners.get(this.#uid) ?? 0) + this.#bytesOfUid);
    this.#bytesOfUid = 0;
  }

  addRun(first: number, last: number): void {
    if (last > this.lastRun) this.lastRun = last;
    if (first !== NO_RUN && (this.firstRun === NO_RUN || first < this.firstRun)) this.firstRun = first;
  }

  addTime(seconds: number, nanoseconds: number): void {
    if (seconds < this.seconds || (seconds === this.seconds && nanoseconds <= this.nanoseconds)) return;
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }

  /** Takes in what was below a directory of this one, which is done. */
  take(inner: TreeLevel): void {
    addSums(this.sums, inner.sums);
    for (const [step, bytes] of inner.steps.entries()) this.addStep(step, bytes);
    inner.settleOwner();
    for (const [uid, bytes] of inner.owners) this.addOwner(uid, bytes);
    this.addRun(inner.firstRun, inner.lastRun);
    this.addTime(inner.seconds, inner.nanoseconds);
    this.keeps ||= inner.keeps;
  }
}

/** An entry, as the walk stands at it. */
export interface SurveyedEntry {
  readonly stat: StatxBuffer;
  readonly directory: Bytes;
  name(): Bytes;
}

/** The sums of a walk, and the largest of what it met. */
export class Aggregation {
  readonly totals = new Totals();
  largest: LargeEntry[] = [];
  /** Directories whose contents are complete, for the directory that contains them. */
  readonly #levels: TreeLevel[] = [];
  /** The nodes made since the last count. */
  #made = 0;
  /** Inodes with several names that were met: each is counted once. */
  readonly #linked = new Set<string>();
  #smallestLarge = -1;
  readonly #steps: Uint8Array;

  /** `steps`: the step of days left of each run. */
  constructor(steps: Uint8Array) {
    this.#steps = steps;
  }

  /** What was added in the directory at this depth, which ends with it. */
  takeLevel(depth: number): TreeLevel {
    const level = this.#level(depth);
    this.#levels[depth] = new TreeLevel();
    return level;
  }

  /** The contents of a directory at `depth - 1` were added elsewhere. */
  putLevel(depth: number, level: TreeLevel): void {
    this.#levels[depth] = level;
  }

  /** What was added so far in the directory at this depth. */
  at(depth: number): TreeLevel {
    return this.#level(depth);
  }

  /** An entry other than a directory; `at`: the directory that keeps it with all that is in it. */
  file(depth: number, found: SurveyedEntry, verdict: EntryVerdict, at?: Bytes): void {
    this.#add(depth, found, verdict, at, undefined);
  }

  /** A directory, after all that is below it. */
  directory(depth: number, found: SurveyedEntry, verdict: EntryVerdict, at?: Bytes): void {
    const inner = this.#level(depth + 1);
    this.#add(depth, found, verdict, at, inner);
    if (inner.sums.total.entries > 0) this.#levels[depth + 1] = new TreeLevel();
  }

  #level(depth: number): TreeLevel {
    let level = this.#levels[depth];
    if (level === undefined) {
      level = new TreeLevel();
      this.#levels[depth] = level;
    }
    return level;
  }

  #add(
    depth: number,
    found: SurveyedEntry,
    verdict: EntryVerdict,
    at: Bytes | undefined,
    inner: TreeLevel | undefined,
  ): void {
    const { stat } = found;
    const { uid } = stat;
    const level = this.#level(depth);
    const isKept = verdict.run === NO_RUN && verdict.code !== undefined;
    const allocated = stat.allocated;
    const isDirectory = stat.type === S_IFDIR;
    const alone = isDirectory || stat.links === 1;
    const bytes = alone || this.#isFirstName(stat) ? allocated : 0;
    const part = { bytes, freed: alone ? allocated : 0, run: verdict.run, isKept };
    this.totals.add(part, uid, verdict.line, verdict.code, () => join(found.directory, found.name()));
    if (inner !== undefined) level.take(inner);
    addPart(level.sums, part);
    const step = stepOf(this.#steps, part);
    level.addStep(step, bytes);
    level.addOwner(uid, bytes);
    level.addRun(verdict.run, verdict.run);
    level.addTime(verdict.seconds, verdict.nanoseconds);
    level.keeps ||= isKept;
    const { total } = this.totals.all;
    const isNode =
      bytes + (inner?.sums.total.bytes ?? 0) >= total.bytes * SMALLEST_SHARE ||
      1 + (inner?.sums.total.entries ?? 0) >= total.entries * SMALLEST_SHARE;
    const isLarge = !isDirectory && bytes > this.#smallestLarge;
    if (!isNode && !isLarge) return;
    const sums = newSums();
    if (inner !== undefined) addSums(sums, inner.sums);
    addPart(sums, part);
    const steps = inner === undefined ? newSteps() : [...inner.steps];
    steps[step] = (steps[step] ?? 0) + bytes;
    const node = nodeOf(found, verdict, at, inner, { sums, steps });
    if (isLarge) this.#rank({ directory: found.directory, node });
    if (!isNode) return;
    level.children.push(node);
    if (++this.#made > MOST_NODES) this.#prune();
  }

  #isFirstName(stat: StatxBuffer): boolean {
    const id = `${stat.device}:${stat.inode}`;
    if (this.#linked.has(id)) return false;
    this.#linked.add(id);
    return true;
  }

  #rank(entry: LargeEntry): void {
    const { bytes } = entry.node.sums.total;
    const at = this.largest.findIndex((each) => each.node.sums.total.bytes < bytes);
    this.largest.splice(at < 0 ? this.largest.length : at, 0, entry);
    if (this.largest.length <= LARGEST) return;
    this.largest.pop();
    this.#smallestLarge = this.largest.at(-1)?.node.sums.total.bytes ?? -1;
  }

  #prune(): void {
    const { total } = this.totals.all;
    const isLarge = (node: Node): boolean =>
      node.sums.total.bytes >= total.bytes * SMALLEST_SHARE ||
      node.sums.total.entries >= total.entries * SMALLEST_SHARE;
    this.#made = 0;
    for (const level of this.#levels) {
      level.children = prune(level.children, isLarge);
      this.#made += countNodes(level.children);
    }
    // What is large stays: the next look at all is not before as many again were made.
    this.#made = Math.min(this.#made, MOST_NODES / 2);
  }
}

function nodeOf(
  found: SurveyedEntry,
  verdict: EntryVerdict,
  at: Bytes | undefined,
  inner: TreeLevel | undefined,
  { sums, steps }: Pick<Node, "sums" | "steps">,
): Node {
  const { stat } = found;
  inner?.settleOwner();
  const time = verdict.word === 0 ? undefined : expiryOf(verdict.seconds, verdict.nanoseconds, 0n);
  const newer = inner !== undefined && isLater(inner, verdict) ? inner : verdict;
  const isKept = verdict.run === NO_RUN && verdict.code !== undefined;
  const first = inner?.firstRun ?? NO_RUN;
  return {
    name: found.name(),
    kind: kindOf(stat),
    uid: stat.uid,
    sums,
    steps,
    line: verdict.line,
    code: isKept ? verdict.code : undefined,
    detail: verdict.detail,
    at,
    timestamp: timestampName(verdict.word),
    time: time === undefined ? undefined : time - 1n,
    expires: isKept ? undefined : expiryOf(newer.seconds, newer.nanoseconds, verdict.age),
    firstRun: first === NO_RUN ? verdict.run : first,
    mainUid: mainOwner(inner, stat.uid),
    children: inner?.children ?? [],
  };
}

function isLater(a: TreeLevel, b: EntryVerdict): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds);
}

function mainOwner(inner: TreeLevel | undefined, uid: number): number {
  let [main, most] = [uid, 0];
  for (const [owner, bytes] of inner?.owners ?? []) if (bytes > most) [main, most] = [owner, bytes];
  return main;
}

function kindOf(stat: StatxBuffer): NodeKind {
  if (stat.type === S_IFDIR) return "directory";
  if (stat.type === S_IFREG) return "file";
  return stat.type === S_IFLNK ? "symlink" : "other";
}
