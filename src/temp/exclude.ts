/** `excludeFromAgeing`: a drop-in that tells cleaners to skip what a glob matches. */
import { fchmodSync } from "node:fs";
import { BOOLEAN, requireOptions } from "../base/arguments.js";
import type { Bytes, PathInput } from "../base/bytes.js";
import { toBuffer } from "../base/bytes.js";
import { quotedPath } from "../tmpfiles/syntax/quote.js";
import { mkstempSync } from "./named-file.js";
import { pathArgument } from "./options.js";
import { sweepStaleSync } from "./sweep.js";
import { runtimeDirSync } from "./well-known.js";

export interface ExclusionOptions {
  /** Whether what lies below a directory that matches is excluded with it (`x`, the default), or not (`X`). */
  readonly contents?: boolean;
}

/** What `excludeFromAgeing` returns. Removing it, like the end of the program, lets cleaners look again. */
export interface Exclusion extends Disposable {
  /** The drop-in. */
  readonly path: string;
  removeSync(): void;
}

const SUFFIX = ".conf";
const READABLE = 0o644;

/**
 * Makes systemd-tmpfiles, and Mayfly's own engine, skip all paths that match a shell glob: by a drop-in below
 * /run/tmpfiles.d for root; others have `$XDG_RUNTIME_DIR/user-tmpfiles.d`, which only their own instance reads
 * (`--user`). For paths that can't be locked: a directory that `mkdtemp` made needs none of this. What programs that
 * were killed left there is removed on the way.
 *
 * @throws UnsafePathError, TempSpaceError, SyscallError. Source: tmpfiles.d(5), types `x` and `X`.
 */
export function excludeFromAgeingSync(glob: PathInput, options: ExclusionOptions = {}): Exclusion {
  requireOptions("excludeFromAgeing", options, { contents: BOOLEAN });
  const line = lineFor(pathArgument("excludeFromAgeing", "glob", glob), options);
  const dir = dropInDirectory();
  sweepStaleSync({ dir, suffix: SUFFIX });
  // One write(2), so that a cleaner that starts at this moment reads the whole line or an empty file.
  const file = mkstempSync({ dir, suffix: SUFFIX, content: toBuffer(line) });
  fchmodSync(file.fd, READABLE);
  return file;
}

function dropInDirectory(): string {
  return process.geteuid?.() === 0
    ? runtimeDirSync("tmpfiles.d", { mode: 0o755 })
    : runtimeDirSync("user-tmpfiles.d");
}

function lineFor(glob: Bytes, { contents = true }: ExclusionOptions): Bytes {
  const comment = `# In use by process ${process.pid}, which removes this file.`;
  return `${comment}\n${contents ? "x" : "X"} ${quotedPath(glob)}\n` as Bytes;
}
