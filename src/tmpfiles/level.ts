import type { Bytes } from "../base/bytes.js";
import { Listing, StatxBuffer } from "../sys/scan.js";
import type { AgeRule, Subject, Surroundings } from "./guards.js";
import type { LinesBelow } from "./line-index.js";

/** No fd and no negated errno. */
export const NOT_OPENED = -4096;

/**
 * A directory that a walk stands in, and the entry of it that the walk looks at just now. One object a depth is made, and
 * used for each directory at that depth in turn, with its two buffers.
 */
export class Level implements Subject, Surroundings {
  fd = -1;
  path = "" as Bytes;
  lines: LinesBelow;
  atMountTop = false;
  readonly depth: number;
  rule: AgeRule;

  readonly listing = new Listing();
  /** What the current entry is. */
  readonly stat = new StatxBuffer();
  nameAddress = 0;
  #offset = 0;
  #name: Bytes | undefined;
  /** Of the current entry, where it is a directory: its fd, or the errno of the open, negated. */
  opened = NOT_OPENED;
  /** Of the current entry, where it is none: the fd that holds its lock. */
  lock = NOT_OPENED;
  /** Of the current entry, where it is a directory: what its own level came to. */
  remaining = 0;
  #blocker: Bytes | undefined;

  /** Entries that stay, and the first of them. */
  stays = 0;
  firstStaying: Bytes | undefined;
  /** Whether an entry went, so that the times are to be restored. */
  changed = false;

  constructor(depth: number, lines: LinesBelow, rule: AgeRule) {
    this.depth = depth;
    this.lines = lines;
    this.rule = rule;
  }

  get within(): Surroundings {
    return this;
  }

  /** Stands in another directory. */
  enter(fd: number, path: Bytes, lines: LinesBelow, rule: AgeRule): void {
    this.fd = fd;
    this.path = path;
    this.lines = lines;
    this.rule = rule;
    this.atMountTop = false;
    this.stays = 0;
    this.firstStaying = undefined;
    this.changed = false;
  }

  /** Looks at the entry at `offset` of the listing. */
  lookAt(offset: number): void {
    this.#offset = offset;
    this.#name = undefined;
    this.nameAddress = this.listing.nameAddress(offset);
    this.opened = NOT_OPENED;
    this.lock = NOT_OPENED;
    this.remaining = 0;
  }

  /** Made only when somebody asks: most names are never a string. */
  name(): Bytes {
    this.#name ??= this.listing.name(this.#offset);
    return this.#name;
  }

  entryPath(): Bytes {
    return (this.path === "/" ? `/${this.name()}` : `${this.path}/${this.name()}`) as Bytes;
  }

  /** What the walk through the current entry, a directory, came to. */
  learn(stays: number, first: Bytes | undefined): void {
    this.remaining = stays;
    this.#blocker = first;
  }

  blocker(): Bytes | undefined {
    return this.#blocker;
  }
}
