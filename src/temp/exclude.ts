/** `excludeFromAgeing`: a drop-in with which cleaners skip the paths that a glob matches. */
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
  /** Whether the contents of a matching directory are excluded too (`x`, the default) or not (`X`). */
  readonly contents?: boolean;
}

/** An exclusion. It ends when it is removed or the process exits. */
export interface Exclusion extends Disposable {
  /** The path of the drop-in. */
  readonly path: string;
  removeSync(): void;
}

const SUFFIX = ".conf";
const READABLE = 0o644;

/**
 * Makes systemd-tmpfiles and Mayfly skip all paths that match a shell glob, with a drop-in in /run/tmpfiles.d for root, or
 * in `$XDG_RUNTIME_DIR/user-tmpfiles.d` for other users, which only their own instance reads (`--user`). Use it for paths
 * that cannot be locked; a directory of `mkdtemp` does not need it. Also removes drop-ins that killed programs left behind.
 *
 * @throws UnsafePathError, TempSpaceError, SyscallError. Source: tmpfiles.d(5), types `x` and `X`.
 */
export function excludeFromAgeingSync(glob: PathInput, options: ExclusionOptions = {}): Exclusion {
  requireOptions("excludeFromAgeing", options, { contents: BOOLEAN });
  const line = lineFor(pathArgument("excludeFromAgeing", "glob", glob), options);
  const dir = dropInDirectory();
  sweepStaleSync({ dir, suffix: SUFFIX });
  // One write(2), so that a cleaner that starts now reads either the whole line or an empty file.
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
