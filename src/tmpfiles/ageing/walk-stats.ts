/** Counts the results of a walk and reports them. */
import type { Bytes } from "../../base/bytes.js";
import { type Errno, errnoName, SUCCESS } from "../../sys/ffi.js";
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
/** Always reported: all below is kept although nothing in the configuration says so. */
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

  /** Whether a dry run has already reported the entry as removed. */
  isGone({ entry }: DirectoryFrame): boolean {
    return this.#absent !== undefined && this.#absent.size > 0 && this.#absent.has(entry.path());
  }

  /** The guard at this index of the table keeps the entry. */
  keep(frame: DirectoryFrame, at: number): Errno {
    this.#stays(frame, at);
    const guard = GUARDS[at];
    if ((this.listener.wantsKept || at === TOO_DEEP_AT) && guard !== undefined) {
      const { entry } = frame;
      this.listener.kept(entry.path(), kindOf(entry.stat), reasonOf(guard, entry, this.#environment));
    }
    return SUCCESS;
  }

  /** statx(2) failed on the entry: it is kept. */
  unknown(frame: DirectoryFrame): void {
    this.#stays(frame, GUARDS.indexOf(UNREADABLE));
    if (!this.listener.wantsKept) return;
    const { entry } = frame;
    const detail = errnoName(entry.statError);
    this.listener.kept(entry.path(), "file", { code: UNREADABLE.code, detail });
  }

  /** A directory could not be opened. Without permission it is kept; any other error is a failure. */
  unopened({ entry }: DirectoryFrame): void {
    const { openError } = entry;
    if (openError === EACCES) return;
    this.listener.failed(entry.path(), openError, "openat", entry.callArguments(flagNames(OPEN_DIRECTORY)));
  }

  /** The result of unlinking an entry that no guard keeps. */
  gone(frame: DirectoryFrame, failed: Errno, flags: number): Errno {
    frame.changed = true;
    if (failed === ENOENT) return SUCCESS;
    if (failed !== SUCCESS) return this.#fail(frame, failed, flags);
    const { entry } = frame;
    const { stat } = entry;
    this.#absent?.add(entry.path());
    const bytes = stat.links === 1 || flags !== 0 ? stat.allocated : 0;
    this.counters.removed++;
    this.counters.bytes += bytes;
    if (this.listener.wantsRemoved) this.listener.removed(entry.path(), kindOf(stat), bytes);
    return SUCCESS;
  }

  #fail(frame: DirectoryFrame, failed: Errno, flags: number): Errno {
    this.counters.failed++;
    this.#remains(frame);
    const { entry } = frame;
    const args = entry.callArguments(flags === 0 ? "0" : "AT_REMOVEDIR");
    this.listener.failed(entry.path(), failed, "unlinkat", args);
    // A dry run reports the failure that it predicts, but has not failed.
    return this.#acts ? failed : SUCCESS;
  }

  #stays(frame: DirectoryFrame, at: number): void {
    this.counters.kept[at] = (this.counters.kept[at] ?? 0) + 1;
    this.#remains(frame);
  }

  #remains(frame: DirectoryFrame): void {
    if (frame.stays++ === 0 && (this.listener.wantsKept || !this.#acts))
      frame.firstStaying = frame.entry.name();
  }
}
