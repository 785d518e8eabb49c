/**
 * Mayfly's library: temporary files and directories that are safe, and are removed. Every function comes in a version that returns a
 * promise and a `...Sync` version; see docs/library.md.
 */

import { mkdtempSync } from "./temp/directory.js";
import { excludeFromAgeingSync } from "./temp/exclude.js";
import { keepAliveSync, makeStickySync } from "./temp/keep-alive.js";
import { openMemfdSync } from "./temp/memfd.js";
import { mkstempSync } from "./temp/named-file.js";
import { tempRootSync } from "./temp/placement.js";
import { promised } from "./temp/sync-async.js";
import { openTempSync } from "./temp/temp-file.js";
import { runtimeDirSync, stateDirSync } from "./temp/well-known.js";

export { SyscallError, type UnsafePathCode, UnsafePathError } from "./base/errors.js";
export { type LockedDir as TempDir, mkdtempSync } from "./temp/directory.js";
export { type FullPlace, RemovalError, TempSpaceError } from "./temp/errors.js";
export { type Exclusion, type ExclusionOptions, excludeFromAgeingSync } from "./temp/exclude.js";
export { type KeepAlive, type KeepAliveOptions, keepAliveSync, makeStickySync } from "./temp/keep-alive.js";
export { type Memfd, type MemfdOptions, openMemfdSync, type Seal } from "./temp/memfd.js";
export { type WithMountOptions, withMount, withMountSync } from "./temp/mount.js";
export { mkstempSync, type NamedTempFile } from "./temp/named-file.js";
export type {
  ContentOptions,
  NamedTempFileOptions,
  NameOptions,
  PathInput,
  PlacementOptions,
  TempDirOptions,
  TempFileOptions,
} from "./temp/options.js";
export type { PersistOptions } from "./temp/persist.js";
export { tempRootSync } from "./temp/placement.js";
export {
  cleanupOnSignal,
  cleanupOnSignalSync,
  type SignalCleanup,
  type TerminationSignal,
} from "./temp/signals.js";
export { type Sweep, type SweepOptions, sweepStale, sweepStaleSync } from "./temp/sweep.js";
export { openTempSync, type TempFile } from "./temp/temp-file.js";
export { runtimeDirSync, stateDirSync, type WellKnownOptions } from "./temp/well-known.js";
export { withTempDir, withTempDirSync } from "./temp/with-temp-dir.js";

export const mkdtemp = promised(mkdtempSync);
export const mkstemp = promised(mkstempSync);
export const openTemp = promised(openTempSync);
export const openMemfd = promised(openMemfdSync);
export const tempRoot = promised(tempRootSync);
export const runtimeDir = promised(runtimeDirSync);
export const stateDir = promised(stateDirSync);
export const keepAlive = promised(keepAliveSync);
export const makeSticky = promised(makeStickySync);
export const excludeFromAgeing = promised(excludeFromAgeingSync);
