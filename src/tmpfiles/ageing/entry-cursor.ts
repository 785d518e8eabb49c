/** The current entry of a directory that a walk lists. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { address, cstring, type Errno, errno, errnoName, type FdNumber, SUCCESS } from "../../sys/ffi.js";
import { S_IFDIR } from "../../sys/inode.js";
import type { Listing } from "../../sys/listing.js";
import { closeNumber, ENOENT, openForListing, StatxBuffer, statxInto } from "../../sys/scan.js";
import type { Detail, DirectoryContext, EntryContext } from "./entry-context.js";
import { conflictError, type EntryLock, isConflict } from "./entry-lock.js";
import type { WalkEffects } from "./walk-effects.js";

/** The directory that the cursor moves through. */
export interface ListedDirectory extends DirectoryContext {
  readonly fd: FdNumber;
  readonly listing: Listing;
}

/** What keeps an open directory as a whole; undefined if all of it would be removed. */
export type FindUnitKeeper = (entry: EntryCursor) => Detail | undefined;

/**
 * The current entry: its stat, and what the guards opened and locked, which stays so for the walk to continue with. It moves
 * from entry to entry, because a million objects would cost more than a million system calls.
 */
export class EntryCursor implements EntryContext {
  readonly within: ListedDirectory;
  readonly stat = new StatxBuffer();
  /** The result of statx(2): unless it is SUCCESS, `stat` describes another entry. */
  statError: Errno = SUCCESS;
  /** A directory, open for listing. */
  fd: FdNumber | undefined;
  /** Why it could not be opened. */
  openError: Errno = SUCCESS;
  /** The kept entries of a directory. */
  remaining = 0;
  readonly #effects: WalkEffects;
  readonly #findUnitKeeper: FindUnitKeeper;
  #offset = 0;
  /** The C string of an entry that was not listed, and its address. */
  #cname: Buffer | undefined;
  #address = 0;
  #name: Bytes | undefined;
  #firstKeptChild: Bytes | undefined;
  #unitKeeper: { readonly found: Detail | undefined } | undefined;
  /** The lock on a file, or the conflict about any entry. */
  #lock: EntryLock;

  constructor(within: ListedDirectory, effects: WalkEffects, findUnitKeeper: FindUnitKeeper) {
    this.within = within;
    this.#effects = effects;
    this.#findUnitKeeper = findUnitKeeper;
  }

  /** Moves to the entry at `offset` of the listing. */
  moveTo(offset: number): void {
    this.#offset = offset;
    this.#address = 0;
    this.#name = undefined;
  }

  /** Moves to an entry that was not listed. */
  moveToNamed(name: Bytes): void {
    this.#cname = cstring(name);
    this.#address = address(this.#cname);
    this.#name = name;
  }

  readStat(): void {
    this.statError = statxInto(this.within.fd, this.nameAddress, this.stat);
  }

  /** The address of the name, for system calls. */
  get nameAddress(): number {
    return this.#address === 0 ? this.within.listing.nameAddress(this.#offset) : this.#address;
  }

  /** Decoded on demand, since most names are never needed as a string. */
  name(): Bytes {
    this.#name ??= this.within.listing.name(this.#offset);
    return this.#name;
  }

  path(): Bytes {
    const { path } = this.within;
    return (path === "/" ? `/${this.name()}` : `${path}/${this.name()}`) as Bytes;
  }

  /** The arguments of a system call on the entry, for messages. */
  callArguments(flags: string): string[] {
    const { fd, path } = this.within;
    return [`${fd}<${escapeForDisplay(path)}>`, JSON.stringify(escapeForDisplay(this.name())), flags];
  }

  /** Before the guards of a file: it holds no lock. */
  beginFile(): void {
    this.#lock = undefined;
  }

  /** Before the guards of a directory: it is not open, and was not walked. */
  beginDirectory(): void {
    this.fd = undefined;
    this.openError = SUCCESS;
    this.#lock = undefined;
    this.#unitKeeper = undefined;
    this.remaining = 0;
  }

  /** Opens the directory for listing, unless that was tried before. */
  open(): Errno {
    if (this.fd === undefined && this.openError === SUCCESS) {
      this.fd = openForListing(this.within.fd, this.nameAddress);
      if (this.fd === undefined) this.openError = errno();
    }
    return this.openError;
  }

  unreadable(): string | undefined {
    const failed = this.open();
    return failed === SUCCESS || failed === ENOENT ? undefined : errnoName(failed);
  }

  isLocked(): boolean {
    this.#lock = this.#tryLock();
    return isConflict(this.#lock);
  }

  #tryLock(): EntryLock {
    const { within, stat, fd } = this;
    if (stat.type !== S_IFDIR) return this.#effects.lockFile(within.fd, this.nameAddress, stat);
    return fd === undefined ? undefined : this.#effects.lockDirectory(fd, stat, within.rule);
  }

  lockError(): string | undefined {
    return isConflict(this.#lock) ? conflictError(this.#lock) : undefined;
  }

  unitKeeper(): Detail | undefined {
    if (this.fd !== undefined) this.#unitKeeper ??= { found: this.#findUnitKeeper(this) };
    return this.#unitKeeper?.found;
  }

  /** Closes a directory, which releases its lock. */
  close(): void {
    if (this.fd !== undefined) closeNumber(this.fd);
    this.fd = undefined;
  }

  /** Releases the lock on a file. Unlink the file first. */
  unlock(): void {
    if (typeof this.#lock === "number") closeNumber(this.#lock);
    this.#lock = undefined;
  }

  /** Records how many entries of the directory are kept, and the name of one. */
  setKeptChildren(count: number, first: Bytes | undefined): void {
    this.remaining = count;
    this.#firstKeptChild = first;
  }

  firstKeptChild(): Bytes | undefined {
    return this.#firstKeptChild;
  }
}
