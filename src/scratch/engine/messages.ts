/** What the engine's thread and the main thread send each other. */
import type { Bytes } from "../../base/bytes.js";
import type { FdNumber } from "../../sys/ffi.js";
import type { AgeRule } from "../../tmpfiles/ageing/age-rule.js";
import type { LinePaths } from "../../tmpfiles/ageing/line-index.js";
import type { Intent, Result } from "../journal.js";
import type { DirectoryTimes, WorkUnit } from "../unit.js";

/** How the thread is started. */
export interface EngineSettings {
  readonly memory: SharedArrayBuffer;
  /** The root's path on the coordinator's host, which the lines are about. */
  readonly root: Bytes;
  /** The root on this host, open in the process. */
  readonly rootFd: FdNumber;
  readonly lines: LinePaths;
  readonly rules: ReadonlyMap<number, AgeRule>;
  readonly budget: number;
}

/** A unit to work on. */
export interface EngineTask {
  readonly unit: WorkUnit;
  /** The beginning of the identities of its intents. */
  readonly id: string;
  /** Whether an earlier attempt at the unit was not finished, and may have published parts of it. */
  readonly isRepeated: boolean;
  /** The units that earlier attempts published. */
  readonly given: readonly WorkUnit[];
  /** The times of directories that an earlier attempt at the unit was changing. */
  readonly before: Readonly<Record<string, DirectoryTimes>>;
}

export interface UnitTotals {
  entries: number;
  failed: number;
  dropped: number;
  removed: number;
  kept: Record<string, number>;
}

/** From the thread. `intend` and `publish` wait for the gate's answer. */
export type EngineMessage =
  | { readonly type: "intend"; readonly intent: Intent }
  | { readonly type: "outcome"; readonly outcome: Result }
  | { readonly type: "publish"; readonly units: readonly WorkUnit[] }
  | { readonly type: "done"; readonly totals: UnitTotals; readonly complete: boolean };
