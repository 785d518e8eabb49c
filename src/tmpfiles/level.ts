import type { Bytes } from "../base/bytes.js";
import { Listing, StatxBuffer } from "../sys/scan.js";
import type { AgeRule, Subject, Surroundings } from "./guards.js";
import type { LinesBelow } from "./line-index.js";

/** No fd and no negated errno. */
export const NOT_OPENED = -4096;

/**
 * A directory that a walk stands in, and the entry of it that the walk looks at just now. A thread makes as many as it
 * stands in at once, each with its two buffers, and uses them again.
 */
export class Level implements Subject, Surroundings {
  fd = -1;
  path = "" as Bytes;
  lines: LinesBelow;
  atMountTop = false;
  depth = 0;
  rule: AgeRule;

  readonly listing = new Listing();
  /** What the current entry is. */
  readonly stat = new StatxBuffer();
  #offset = 0;
  #address = 0;
  /** What the address points into is kept from being collected. */
  memory: Buffer | undefined;
  #name: Bytes | undefined;
  /** Of the current entry, where it is a directory: its fd, or the errno of the open, negated. */
  opened = NOT_OPENED;
  /** Of the current entry, where it is none: the fd that holds its lock. */
  lock = -1;
  /** Of the current entry, where it is a directory: what its own level came to. */
  remaining = 0;
  #blocker: Bytes | undefined;

  /** Entries that stay, and the first of them. */
  stays = 0;
  firstStaying: Bytes | undefined;
  /** Whether an entry went, so that the times are to be restored. */
  changed = false;

  /** Where the directories that other threads walk meet again, or -1; and how many were given away. */
  join = -1;
  shared = 0;

  constructor(lines: LinesBelow, rule: AgeRule) {
    this.lines = lines;
    this.rule = rule;
  }

  get within(): Surroundings {
    return this;
  }

  /** Stands in another directory. */
  enter(depth: number, fd: number, path: Bytes, lines: LinesBelow, rule: AgeRule): void {
    this.depth = depth;
    this.fd = fd;
    this.path = path;
    this.lines = lines;
    this.rule = rule;
    this.atMountTop = false;
    this.stays = 0;
    this.firstStaying = undefined;
    this.changed = false;
    this.join = -1;
    this.shared = 0;
  }

  /** Looks at an entry that another level listed. */
  lookAtNamed(name: Bytes, address: number, memory?: Buffer): void {
    this.memory = memory;
    this.#name = name;
    this.#address = address;
  }

  /** Looks at the entry at `offset` of the listing. */
  lookAt(offset: number): void {
    this.#offset = offset;
    this.#address = 0;
    this.#name = undefined;
  }

  /** Where the kernel finds the name. */
  get nameAddress(): number {
    return this.#address === 0 ? this.listing.nameAddress(this.#offset) : this.#address;
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
