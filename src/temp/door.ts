/** The functions that work everywhere: with all that Linux has for them, and elsewhere with what Node has. */
import { type LockedDir, mkdtempSync as lockedDirectory } from "./directory.js";
import { type NamedTempFile as LockedFile, mkstempSync as lockedFile } from "./named-file.js";
import type { AnonymousBacking } from "./new-file.js";
import type { NamedTempFileOptions, TempDirOptions, TempFileOptions } from "./options.js";
import { tempRootSync as linuxRoot } from "./placement.js";
import * as portable from "./portable.js";
import {
  sweepStaleSync as linuxSweep,
  sweepStale as linuxSweepAsync,
  type Sweep,
  type SweepOptions,
} from "./sweep.js";
import { type TempFile as AnonymousFile, openTempSync as anonymousFile } from "./temp-file.js";
import { withTempDir as linuxWith, withTempDirSync as linuxWithSync } from "./with-temp-dir.js";

const isLinux = process.platform === "linux";

type Disposal = typeof Symbol.dispose | typeof Symbol.asyncDispose;
type FileMembers = "append" | "appendSync" | "createReadStream" | "createWriteStream" | "fd" | "handle";
type Persisting = "persist" | "persistSync";
type Removal = "remove" | "removeSync";

/** A directory made by `mkdtemp`. */
export type TempDir = Pick<
  LockedDir,
  "backing" | "detach" | "fd" | "path" | "pathBuffer" | Removal | Disposal
>;

/** A file made by `mkstemp`. */
export type NamedTempFile = Pick<
  LockedFile,
  "backing" | "path" | "pathBuffer" | FileMembers | Persisting | Removal | Disposal
>;

/** A file made by `openTemp`. */
export type TempFile = Pick<AnonymousFile, "close" | "closeSync" | FileMembers | Persisting | Disposal> & {
  /** `"file"`, where the system knows no file without a name. */
  readonly backing: AnonymousBacking | "file";
};

export const mkdtempSync: (options?: TempDirOptions) => TempDir = isLinux
  ? lockedDirectory
  : portable.mkdtempSync;
export const mkstempSync: (options?: NamedTempFileOptions) => NamedTempFile = isLinux
  ? lockedFile
  : portable.mkstempSync;
export const openTempSync: (options?: TempFileOptions) => TempFile = isLinux
  ? anonymousFile
  : portable.openTempSync;
export const tempRootSync: (size?: "small" | "large") => string = isLinux ? linuxRoot : portable.tempRootSync;

type With = <Result>(
  callback: (dir: TempDir) => Result,
  options?: TempDirOptions,
) => Promise<Awaited<Result>>;
type WithSync = <Result>(callback: (dir: TempDir) => Result, options?: TempDirOptions) => Result;
export const withTempDir: With = isLinux ? linuxWith : portable.withTempDir;
export const withTempDirSync: WithSync = isLinux ? linuxWithSync : portable.withTempDirSync;

/** Without locks nobody can tell what is stale from what is in use, so nothing is touched. */
const NOTHING: Sweep = { removed: [], failed: [] };
export const sweepStale: (options?: SweepOptions) => Promise<Sweep> = isLinux
  ? linuxSweepAsync
  : async () => NOTHING;
export const sweepStaleSync: (options?: SweepOptions) => Sweep = isLinux ? linuxSweep : () => NOTHING;
