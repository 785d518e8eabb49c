/** Counts what becomes of each entry, and reports it. */
import type { Bytes } from "../../base/bytes.js";
import { errnoName } from "../../sys/ffi.js";
import { flagNames } from "../../sys/files.js";
import { EACCES, ENOENT, OPEN_DIRECTORY } from "../../sys/scan.js";
import { kindOf } from "../effects/kind.js";
import type { DirectoryFrame } from "./directory-frame.js";
import type { Environment } from "./entry-context.js";
import { GUARDS, reasonOf, UNREADABLE } from "./guards.js";
import { newWalkCounters } from "./walk-counters.js";
import type { WalkListener } from "./walk-listener.js";
import type { WalkParts } from "./walk-options.js";

const PROGRESS_EVERY = 4_096;
/** Reported in any case: what lies deeper stays although nothing in the configuration says so. */
const TOO_DEEP_AT = GUARDS.findIndex(({ code }) => code === "too-deep");

/** Counts the result of each entry of a walk, and reports it to the listener. */
export class WalkStats {
  readonly counters = newWalkCounters();
  listener: WalkListener;
  readonly #environment: Environment;
  readonly #acts: boolean;
  /** In a dry run: paths that would have been removed. */
  readonly #absent: Set<Bytes> | undefined;
  #nextProgress = PROGRESS_EVERY;

  constructor({ listener, effects }: WalkParts, environment: Environment) {
    this.listener = listener;
    this.#environment = environment;
    this.#acts = effects.acts;
    this.#absent = effects.gone;
  }

  progress(directory: Bytes): void {
    const { entries, removed } = this.counters;
    if (entries < this.#nextProgress) return;
    this.#nextProgress = entries + PROGRESS_EVERY;
    this.listener.progress({ entries, removed, path: directory });
  }

  /** Whether a dry run has said already that the entry would be removed. */
  isGone(frame: DirectoryFrame): boolean {
    return this.#absent !== undefined && this.#absent.size > 0 && this.#absent.has(frame.entryPath());
  }

  /** The guard at this place in the table keeps the entry; the answer is that nothing failed. */
  keep(frame: DirectoryFrame, at: number): number {
    this.#stays(frame, at);
    const guard = GUARDS[at];
    if ((this.listener.wantsKept || at === TOO_DEEP_AT) && guard !== undefined) {
      this.listener.kept(frame.entryPath(), kindOf(frame.stat), reasonOf(guard, frame, this.#environment));
    }
    return 0;
  }

  /** statx(2) failed on the entry: it is kept. */
  unknown(frame: DirectoryFrame, failed: number): void {
    this.#stays(frame, GUARDS.indexOf(UNREADABLE));
    if (!this.listener.wantsKept) return;
    this.listener.kept(frame.entryPath(), "file", { code: UNREADABLE.code, detail: errnoName(failed) });
  }

  /** Permission is told with the reasons why entries stay; what else keeps a directory from being opened is a failure. */
  unopened(frame: DirectoryFrame, failed: number): void {
    if (failed === EACCES) return;
    this.listener.failed(frame.entryPath(), failed, "openat", frame.callArguments(flagNames(OPEN_DIRECTORY)));
  }

  /** Unlinked, or not: what became of an entry that no guard saved. */
  gone(frame: DirectoryFrame, failed: number, flags: number): number {
    frame.changed = true;
    if (failed === ENOENT) return 0;
    if (failed !== 0) return this.#fail(frame, failed, flags);
    this.#absent?.add(frame.entryPath());
    const { stat } = frame;
    const bytes = stat.links === 1 || flags !== 0 ? stat.allocated : 0;
    this.counters.removed++;
    this.counters.bytes += bytes;
    if (this.listener.wantsRemoved) this.listener.removed(frame.entryPath(), kindOf(stat), bytes);
    return 0;
  }

  #fail(frame: DirectoryFrame, failed: number, flags: number): number {
    this.counters.failed++;
    this.#remains(frame);
    this.listener.failed(
      frame.entryPath(),
      failed,
      "unlinkat",
      frame.callArguments(flags === 0 ? "0" : "AT_REMOVEDIR"),
    );
    // What a dry run foresees is told; its status is that of looking.
    return this.#acts ? failed : 0;
  }

  #stays(frame: DirectoryFrame, at: number): void {
    this.counters.kept[at] = (this.counters.kept[at] ?? 0) + 1;
    this.#remains(frame);
  }

  #remains(frame: DirectoryFrame): void {
    if (frame.stays++ === 0 && (this.listener.wantsKept || !this.#acts)) frame.firstStaying = frame.name();
  }
}
