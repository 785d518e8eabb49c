/** The public index of temporary files and directories for programs. */

import { mkdtempSync } from "./directory.js";
import { excludeFromAgeingSync } from "./exclude.js";
import { keepAliveSync, makeStickySync } from "./keep-alive.js";
import { openMemfdSync } from "./memfd.js";
import { mkstempSync } from "./named-file.js";
import { tempRootSync } from "./placement.js";
import { promised } from "./sync-async.js";
import { openTempSync } from "./temp-file.js";
import { runtimeDirSync, stateDirSync } from "./well-known.js";

export type { PathInput } from "../base/bytes.js";
export { mkdtempSync, type TempDir } from "./directory.js";
export { type FullPlace, RemovalError, TempSpaceError } from "./errors.js";
export { type Exclusion, type ExclusionOptions, excludeFromAgeingSync } from "./exclude.js";
export { type KeepAlive, type KeepAliveOptions, keepAliveSync, makeStickySync } from "./keep-alive.js";
export { type Memfd, type MemfdOptions, openMemfdSync, type Seal } from "./memfd.js";
export { type WithMountOptions, withMount, withMountSync } from "./mount.js";
export { mkstempSync, type NamedTempFile } from "./named-file.js";
export { freshName } from "./names.js";
export type { AnonymousBacking } from "./new-file.js";
export type { OpenFile } from "./open-file.js";
export type {
  ContentOptions,
  NamedTempFileOptions,
  NameOptions,
  PlacementOptions,
  TempDirOptions,
  TempFileOptions,
} from "./options.js";
export { nameParts } from "./options.js";
export type { PersistOptions } from "./persist.js";
export { tempRootSync } from "./placement.js";
export {
  cleanupOnSignal,
  cleanupOnSignalSync,
  type SignalCleanup,
  type TerminationSignal,
} from "./signals.js";
export { type Sweep, type SweepOptions, sweepStale, sweepStaleSync } from "./sweep.js";
export { openTempSync, type TempFile } from "./temp-file.js";
export { runtimeDirSync, stateDirSync, type WellKnownOptions } from "./well-known.js";
export { withTempDir, withTempDirSync } from "./with-temp-dir.js";

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
