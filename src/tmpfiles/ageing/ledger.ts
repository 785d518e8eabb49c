import type { Bytes } from "../../base/bytes.js";
import { errnoName } from "../../sys/ffi.js";
import { flagNames } from "../../sys/files.js";
import { EACCES, ENOENT, OPEN_DIRECTORY } from "../../sys/scan.js";
import { kindOf } from "../hands/kind.js";
import { GUARDS, reasonOf, UNREADABLE, type World } from "./guards.js";
import type { Level } from "./level.js";
import { newTally, type WalkListener, type WalkParts } from "./walk-parts.js";

const PROGRESS_EVERY = 4_096;
/** Reported in any case: what lies deeper stays although nothing in the configuration says so. */
const TOO_DEEP_AT = GUARDS.findIndex(({ code }) => code === "too-deep");

/** The book of a walk: what becomes of each entry is counted here, and told to whoever wants to know. */
export class Ledger {
  readonly tally = newTally();
  listener: WalkListener;
  readonly #world: World;
  readonly #acts: boolean;
  /** In a dry run: what would be gone. */
  readonly #absent: Set<Bytes> | undefined;
  #nextProgress = PROGRESS_EVERY;

  constructor({ listener, hands }: WalkParts, world: World) {
    this.listener = listener;
    this.#world = world;
    this.#acts = hands.acts;
    this.#absent = hands.gone;
  }

  progress(directory: Bytes): void {
    const { entries, removed } = this.tally;
    if (entries < this.#nextProgress) return;
    this.#nextProgress = entries + PROGRESS_EVERY;
    this.listener.progress({ entries, removed, path: directory });
  }

  /** Whether a dry run has said already that the entry would be removed. */
  isGone(level: Level): boolean {
    return this.#absent !== undefined && this.#absent.size > 0 && this.#absent.has(level.entryPath());
  }

  /** The guard at this place in the table keeps the entry; the answer is that nothing failed. */
  keep(level: Level, at: number): number {
    this.#stays(level, at);
    const guard = GUARDS[at];
    if ((this.listener.wantsKept || at === TOO_DEEP_AT) && guard !== undefined) {
      this.listener.kept(level.entryPath(), kindOf(level.stat), reasonOf(guard, level, this.#world));
    }
    return 0;
  }

  /** Nobody could say what the entry is: it stays. */
  unknown(level: Level, failed: number): void {
    this.#stays(level, GUARDS.indexOf(UNREADABLE));
    if (!this.listener.wantsKept) return;
    this.listener.kept(level.entryPath(), "file", { code: UNREADABLE.code, detail: errnoName(failed) });
  }

  /** Permission is told with the reasons why entries stay; what else keeps a directory from being opened is a failure. */
  unopened(level: Level, failed: number): void {
    if (failed === EACCES) return;
    this.listener.failed(level.entryPath(), failed, "openat", level.callArguments(flagNames(OPEN_DIRECTORY)));
  }

  /** Unlinked, or not: what became of an entry that no guard saved. */
  gone(level: Level, failed: number, flags: number): number {
    level.changed = true;
    if (failed === ENOENT) return 0;
    if (failed !== 0) return this.#fail(level, failed, flags);
    this.#absent?.add(level.entryPath());
    const { stat } = level;
    const bytes = stat.links === 1 || flags !== 0 ? stat.allocated : 0;
    this.tally.removed++;
    this.tally.bytes += bytes;
    if (this.listener.wantsRemoved) this.listener.removed(level.entryPath(), kindOf(stat), bytes);
    return 0;
  }

  #fail(level: Level, failed: number, flags: number): number {
    this.tally.failed++;
    this.#remains(level);
    this.listener.failed(
      level.entryPath(),
      failed,
      "unlinkat",
      level.callArguments(flags === 0 ? "0" : "AT_REMOVEDIR"),
    );
    // What a dry run foresees is told; its status is that of looking.
    return this.#acts ? failed : 0;
  }

  #stays(level: Level, at: number): void {
    this.tally.kept[at] = (this.tally.kept[at] ?? 0) + 1;
    this.#remains(level);
  }

  #remains(level: Level): void {
    if (level.stays++ === 0 && (this.listener.wantsKept || !this.#acts)) level.firstStaying = level.name();
  }
}
