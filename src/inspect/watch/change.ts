/** What a tracker is told and asks: changes before it is known who made them, and the source it belongs to. */

import type { Bytes } from "../../base/bytes.js";
import type { WatchEvent } from "../events.js";
import type { Directory } from "./model.js";
import type { NameIn } from "./scan.js";

/** An event before it is known who did it. */
export type Change = Omit<WatchEvent, "time" | "actor"> & { readonly pid: number; readonly pidfd?: number };

/** What the tracker asks of the file system. */
export interface WatchEnvironment {
  /** The key of a directory whose event did not bear it. */
  enterAt(path: Bytes): string | undefined;
  /** Whether the path names this inode now. */
  isAt(path: Bytes, key: string): boolean;
  /**
   * Takes what a directory holds into the model, and returns what was not known: of one that was moved in, and, where
   * events come only from directories that are known, of one that was made and may have been filled at once.
   */
  explore(path: Bytes, directory: Directory, why: "created" | "moved"): readonly NameIn[];
  /** Where a directory outside of what is watched is: as far as can be told. */
  locate(key: string): Bytes | undefined;
}
