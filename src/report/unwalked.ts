/** Adds what no line walks: directories outside of all lines, and those that a guard keeps with all that is in them. */
import { type Bytes, join } from "../base/bytes.js";
import type { Source } from "../base/events.js";
import type { ReasonCode } from "../inspect/index.js";
import { address, errno, errnoName, type FdNumber } from "../sys/ffi.js";
import { S_IFDIR } from "../sys/inode.js";
import { Listing } from "../sys/listing.js";
import { closeNumber, openForListing, StatxBuffer, statxInto } from "../sys/scan.js";
import type { Aggregation, SurveyedEntry, TreeLevel } from "./aggregation.js";
import { EntryVerdict } from "./verdict.js";

/** Deeper directories are not entered: each level needs an open fd. */
const DEEPEST_UNWALKED = 512;

const DOT = Buffer.from(".\0");

/** What a line's walk found below its path. */
export interface Walked {
  readonly line: Source;
  readonly level: TreeLevel;
}

/** Why everything in a directory is kept. */
export interface Inherited {
  readonly code: ReasonCode;
  readonly line: Source | undefined;
  readonly at: Bytes;
}

/** Knows what happens to entries by their paths. */
export interface PathVerdicts {
  /** Sets the verdict of an entry; `inner` is what was added below it. */
  judge(path: Bytes, stat: StatxBuffer, verdict: EntryVerdict, inner: TreeLevel | undefined): void;
  /** What keeps a directory with all that is in it. */
  inherited(path: Bytes): Inherited | undefined;
}

/** A directory of the walk, with its buffers. */
class UnwalkedFrame implements SurveyedEntry {
  readonly stat = new StatxBuffer();
  readonly listing = new Listing();
  directory = "" as Bytes;
  offset = 0;

  name(): Bytes {
    return this.listing.name(this.offset);
  }
}

export interface UnwalkedOptions {
  readonly aggregation: Aggregation;
  /** By real path. */
  readonly walked: ReadonlyMap<Bytes, Walked>;
  readonly verdicts?: PathVerdicts | undefined;
}

/** A walk without an age: it counts, and decides nothing. */
export class UnwalkedWalk {
  readonly #options: UnwalkedOptions;
  readonly #verdict = new EntryVerdict();
  readonly #unused: UnwalkedFrame[] = [];

  constructor(options: UnwalkedOptions) {
    this.#options = options;
  }

  /** Adds all that is in the directory `path`, open for listing as `fd`, at this depth of the aggregation. */
  inside(depth: number, fd: FdNumber, path: Bytes, inherited?: Inherited): void {
    const frame = this.#unused.pop() ?? new UnwalkedFrame();
    frame.directory = path;
    while (frame.listing.read(fd)) {
      for (let at = 0; at < frame.listing.end; at = frame.listing.next(at)) {
        if (frame.listing.isDots(at)) continue;
        frame.offset = at;
        // An entry that went meanwhile does not count, and nothing is known of one that the file system refuses.
        if (statxInto(fd, frame.listing.nameAddress(at), frame.stat) !== 0) continue;
        this.#entry(depth, fd, frame, inherited);
      }
    }
    this.#unused.push(frame);
  }

  /** Opens a directory for listing that is open already; undefined on failure. */
  static open(fd: FdNumber): FdNumber | undefined {
    return openForListing(fd, address(DOT));
  }

  #entry(depth: number, fd: FdNumber, frame: UnwalkedFrame, inherited: Inherited | undefined): void {
    const { aggregation } = this.#options;
    const verdict = this.#verdict.keep(inherited?.code ?? "no-line", inherited?.line);
    if (frame.stat.type !== S_IFDIR) {
      this.#options.verdicts?.judge(join(frame.directory, frame.name()), frame.stat, verdict, undefined);
      aggregation.file(depth, frame, verdict, inherited?.at);
      return;
    }
    const path = join(frame.directory, frame.name());
    const walked = this.#options.walked.get(path);
    const keeps = inherited ?? this.#options.verdicts?.inherited(path);
    const problem = walked === undefined ? this.#below(depth, fd, frame, path, keeps) : undefined;
    // The same object was used for all that is below.
    if (walked !== undefined) {
      aggregation.putLevel(depth + 1, walked.level);
      verdict.keep("base", walked.line);
    } else verdict.keep(problem?.code ?? inherited?.code ?? "no-line", inherited?.line, problem?.detail);
    this.#options.verdicts?.judge(path, frame.stat, verdict, aggregation.at(depth + 1));
    aggregation.directory(depth, frame, verdict, problem === undefined ? inherited?.at : undefined);
  }

  /** Adds what is below the current entry, a directory; returns why that is not possible. */
  #below(
    depth: number,
    fd: FdNumber,
    { stat, listing, offset }: UnwalkedFrame,
    path: Bytes,
    inherited: Inherited | undefined,
  ): { code: ReasonCode; detail?: string } | undefined {
    if (stat.isMountRoot) return { code: "mount-root" };
    if (depth >= DEEPEST_UNWALKED) return { code: "too-deep" };
    const opened = openForListing(fd, listing.nameAddress(offset));
    if (opened === undefined) return { code: "unreadable", detail: errnoName(errno()) };
    try {
      this.inside(depth + 1, opened, path, inherited);
    } finally {
      closeNumber(opened);
    }
    return undefined;
  }
}
