/** The interface between a tracker and its source: changes whose process is not known yet, and questions about directories. */

import type { Bytes } from "../../base/bytes.js";
import type { WatchEvent } from "../events.js";
import type { Directory } from "./directory-model.js";
import type { NameIn } from "./scan.js";

/** An event whose process is not known yet. */
export type Change = Omit<WatchEvent, "time" | "actor"> & { readonly pid: number; readonly pidfd?: number };

/** What the tracker needs to know about the file system. */
export interface WatchEnvironment {
  /** The key of a directory whose event did not contain it. */
  enterAt(path: Bytes): string | undefined;
  /** Whether the path now refers to this inode. */
  isAt(path: Bytes, key: string): boolean;
  /**
   * Adds the contents of a directory to the model, and returns what is new: for a directory that was moved in, and for a new
   * one that may have been filled before its events are received.
   */
  explore(path: Bytes, directory: Directory, why: "created" | "moved"): readonly NameIn[];
  /** The path of a directory outside of the watched trees, if it can be found. */
  locate(key: string): Bytes | undefined;
}
