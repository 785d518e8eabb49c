/** A directory in which a walk is, and its current entry. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { S_IFDIR } from "../../sys/inode.js";
import { Listing } from "../../sys/listing.js";
import { CTIME, StatxBuffer } from "../../sys/scan.js";
import type { AgeRule } from "./age-rule.js";
import type { Seen } from "./directory-index.js";
import type { Detail, DirectoryContext, EntryContext } from "./entry-context.js";
import type { LinesBelow } from "./line-index.js";
import type { SliceResult } from "./slice.js";

/** No fd and no negated errno. */
export const NOT_OPENED = -4096;

/**
 * A directory that a walk stands in, and the entry of it that the walk looks at just now. A thread makes as many as it
 * stands in at once, each with its two buffers, and uses them again.
 */
export class DirectoryFrame implements EntryContext, DirectoryContext {
  fd = -1;
  path = "" as Bytes;
  lines: LinesBelow;
  atMountTop = false;
  depth = 0;
  rule: AgeRule;

  readonly listing = new Listing();
  /** Where the first entry of the listing is that was not begun with. */
  next = 0;
  /** The errno of the statx of the current entry; where it is 0, `stat` says what the entry is. */
  failed = 0;
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
  /** Of the current entry, if it is a directory: what keeps it as a whole. null: not known yet. */
  unitKeeper: Detail | undefined | null = null;
  /** Of the current entry, where it is a directory: what its own level came to. */
  remaining = 0;
  #firstKeptChild: Bytes | undefined;

  /** Entries that stay, and the first of them. */
  stays = 0;
  firstStaying: Bytes | undefined;
  /** Whether an entry went, so that the times are to be restored. */
  changed = false;

  /** Whether the index is asked about directories in here, and told of them. */
  indexing = false;
  /** The index knows the entries that are no directories. */
  filesKnown = false;
  /** What the index may be told of this directory, if it may: nothing was overlooked, nothing is mounted here. */
  notable = true;
  #oldest = Number.POSITIVE_INFINITY;
  #files = 0;
  #hasDirectories = false;

  /** Where the slices that other threads walk meet again, or -1. */
  join = -1;

  constructor(lines: LinesBelow, rule: AgeRule) {
    this.lines = lines;
    this.rule = rule;
  }

  get within(): DirectoryContext {
    return this;
  }

  /** Stands in another directory. */
  enter(depth: number, fd: number, path: Bytes, lines: LinesBelow, rule: AgeRule): void {
    this.depth = depth;
    this.fd = fd;
    this.path = path;
    this.lines = lines;
    this.rule = rule;
    this.listing.end = 0;
    this.next = 0;
    this.atMountTop = false;
    this.indexing = false;
    this.stays = 0;
    this.firstStaying = undefined;
    this.changed = false;
    this.filesKnown = false;
    this.notable = true;
    this.#oldest = Number.POSITIVE_INFINITY;
    this.#files = 0;
    this.#hasDirectories = false;
    this.join = -1;
  }

  /** Looks at an entry that was not listed. */
  lookAtNamed(name: Bytes, address: number, memory?: Buffer): void {
    this.memory = memory;
    this.#name = name;
    this.#address = address;
  }

  /** Begins with the entry at `offset` of the listing. */
  lookAt(offset: number): void {
    this.next = this.listing.next(offset);
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

  /** The arguments of a call on the current entry, as a message has them. */
  callArguments(flags: string): string[] {
    return [
      `${this.fd}<${escapeForDisplay(this.path)}>`,
      JSON.stringify(escapeForDisplay(this.name())),
      flags,
    ];
  }

  entryPath(): Bytes {
    return (this.path === "/" ? `/${this.name()}` : `${this.path}/${this.name()}`) as Bytes;
  }

  /** Takes the current entry into what the index is told. */
  noteEntry(): void {
    const { stat } = this;
    if (stat.isMountRoot) this.notable = false;
    if (stat.type === S_IFDIR) this.#hasDirectories = true;
    else this.noteFiles(1, stat.seconds(CTIME));
  }

  /** Takes entries that are no directories into it; `changed`: the oldest ctime of them, in seconds. */
  noteFiles(count: number, changed: number): void {
    this.#files += count;
    if (changed < this.#oldest) this.#oldest = changed;
  }

  get isNotable(): boolean {
    return this.indexing && this.notable && !this.changed && !this.filesKnown;
  }

  get seen(): Seen {
    return { oldest: this.#oldest, files: this.#files, hasDirectories: this.#hasDirectories };
  }

  /** The name of one entry, if there is any. */
  firstListed(): Bytes | undefined {
    const { listing } = this;
    while (listing.read(this.fd)) {
      for (let at = 0; at < listing.end; at = listing.next(at)) {
        if (!listing.isDots(at)) return listing.name(at);
      }
    }
    return undefined;
  }

  /** What the walk through the current entry, a directory, came to. */
  learn(stays: number, first: Bytes | undefined): void {
    this.remaining = stays;
    this.#firstKeptChild = first;
  }

  /** What it came to as a slice of the directory. */
  sliceResult(status: number): SliceResult {
    const { stays, firstStaying: firstKeptChild, changed, notable, seen } = this;
    return { stays, firstKeptChild, changed, status, notable, seen };
  }

  /** Takes in what the slices that other threads walked came to; the answer is the errno of their failure, or 0. */
  merge({ stays, firstKeptChild, changed, status, notable, seen }: SliceResult): number {
    this.stays += stays;
    this.firstStaying ??= firstKeptChild;
    this.changed ||= changed;
    this.notable &&= notable;
    this.#oldest = Math.min(this.#oldest, seen.oldest);
    this.#files += seen.files;
    this.#hasDirectories ||= seen.hasDirectories;
    return status;
  }

  firstKeptChild(): Bytes | undefined {
    return this.#firstKeptChild;
  }
}
