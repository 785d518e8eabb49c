/** Selects the directory for a temporary file, and falls back to the next one if it is full. */
import { choices, requireArgument } from "../base/arguments.js";
import type { PathInput } from "../base/bytes.js";
import { type Bytes, bytes, isAbsolute, normalize, toText } from "../base/bytes.js";
import { failedWith, SyscallError, UnsafePathError } from "../base/errors.js";
import { isUp } from "./early-boot.js";
import { asGiven, type FullPlace, fullCode, fullPlace, inWords, originOf, TempSpaceError } from "./errors.js";
import { type PlacementOptions, pathBytes } from "./options.js";
import { openTempParent, type Parent, recentParent, standardParent } from "./parent.js";
import { type SyncAsync, stepThroughSync, syncStep } from "./sync-async.js";
import { ownRuntimeDirectory } from "./well-known.js";

const TMP = "/tmp" as Bytes;
const VAR_TMP = "/var/tmp" as Bytes;

/** A candidate directory, and how to open it. */
interface Candidate {
  readonly path: Bytes;
  /** Whether it is a substitute, because the standard directory is not mounted yet. */
  readonly early: boolean;
  readonly open: (path: Bytes) => Parent;
}

/**
 * Calls `make` for each candidate directory until one has enough space. `make` must leave nothing behind if it throws.
 * `tried` are directories that were full before; if there are any, only the remaining fallbacks are tried.
 *
 * @throws TempSpaceError if none has enough space; other errors of `make` are not caught.
 */
export function* inPlaces<Made>(
  options: PlacementOptions,
  make: (parent: Parent) => SyncAsync<Made>,
  tried: readonly FullPlace[] = [],
  reason?: unknown,
): SyncAsync<Made> {
  const full: Full[] = tried.map((place) => new Full(place, reason));
  if (full.length === 0) {
    const made = yield* makeIn(firstCandidate(options), make);
    if (!(made instanceof Full)) return made;
    full.push(made);
  }
  for (const place of fallbackCandidates(options)) {
    const made = yield* makeIn(place, make);
    if (!(made instanceof Full)) return made;
    full.push(made);
  }
  throw new TempSpaceError(
    full.map(({ place }) => place),
    full.at(-1)?.cause,
  );
}

/** The same for work without asynchronous steps. The first directory, which nearly always has space, is tried without a generator. */
export function inPlace<Made>(options: PlacementOptions, make: (parent: Parent) => Made): Made {
  return inPlaceFrom(firstCandidate(options), options, make);
}

function inPlaceFrom<Made>(
  first: Candidate,
  options: PlacementOptions,
  make: (parent: Parent) => Made,
): Made {
  const parent = opened(first);
  try {
    return make(parent);
  } catch (error) {
    const code = fullCode(error);
    if (code === undefined) throw error;
    const tried = [fullPlace(parent.path, parent.fd, code)];
    return stepThroughSync(inPlaces(options, (next) => syncStep(() => make(next)), tried, error));
  } finally {
    parent[Symbol.dispose]();
  }
}

/**
 * The same for unnamed files. Before local file systems are mounted, these are created in memory.
 */
export function inPlaceUnnamed<Made>(
  options: PlacementOptions,
  make: (parent: Parent) => Made,
  inMemory: () => Made,
): Made {
  const first = firstCandidate(options);
  if (first.early) return inMemory();
  if (first.open !== standardParent) return inPlaceFrom(first, options, make);
  try {
    return inPlaceFrom({ ...first, open: recentParent }, options, make);
  } catch (error) {
    // The directory was removed, and its path may lead to another.
    if (!failedWith(error, "ENOENT")) throw error;
    return inPlaceFrom(first, options, make);
  }
}

/** A full directory as a value, since a fallback is not an error. */
class Full {
  readonly place: FullPlace;
  readonly cause: unknown;

  constructor(place: FullPlace, cause: unknown) {
    this.place = place;
    this.cause = cause;
  }
}

function* makeIn<Made>(place: Candidate, make: (parent: Parent) => SyncAsync<Made>): SyncAsync<Made | Full> {
  const parent = opened(place);
  try {
    return yield* make(parent);
  } catch (error) {
    const code = fullCode(error);
    if (code === undefined) throw error;
    return new Full(fullPlace(parent.path, parent.fd, code), error);
  } finally {
    parent[Symbol.dispose]();
  }
}

/** @throws SyscallError, UnsafePathError, with the directory as the caller specified it. */
function opened(place: Candidate): Parent {
  try {
    return place.open(place.path);
  } catch (error) {
    const { path } = place;
    if (error instanceof SyscallError) {
      throw inWords(error, `cannot create temporary files in ${asGiven(path)}`, path);
    }
    if (error instanceof UnsafePathError) error.message += originOf(path);
    throw error;
  }
}

function firstCandidate({ dir, size, earlyBoot }: PlacementOptions): Candidate {
  return dir !== undefined ? named(dir) : standardCandidate(size ?? "small", earlyBoot);
}

function fallbackCandidates(options: PlacementOptions): Candidate[] {
  const { fallback = false, earlyBoot } = options;
  if (typeof fallback !== "boolean") return fallback.map(named);
  if (!fallback) return [];
  const first = firstCandidate(options).path;
  return [wantedRoot(options.size ?? "small"), TMP, VAR_TMP]
    .filter((path, index, all) => path !== first && all.indexOf(path) === index)
    .filter((path) => !isEarly(path, earlyBoot))
    .map(standard);
}

const named = (dir: PathInput): Candidate => ({ path: pathBytes(dir), early: false, open: openTempParent });
const standard = (path: Bytes): Candidate => ({ path, early: false, open: standardParent });

const EARLY_CANDIDATE: Candidate = {
  // Created on demand, since files that can be in memory need neither it nor $XDG_RUNTIME_DIR.
  get path() {
    return ownRuntimeDirectory();
  },
  early: true,
  open: standardParent,
};

function standardCandidate(size: "small" | "large", earlyBoot: boolean | undefined): Candidate {
  const root = wantedRoot(size);
  return isEarly(root, earlyBoot) ? EARLY_CANDIDATE : standard(root);
}

/** Before local file systems are mounted, a later mount may hide both, so only /run and memory can be used. */
const isEarly = (root: Bytes, given: boolean | undefined): boolean => given ?? !isUp(root);

/**
 * As in systemd's guide (Using /tmp/ and /var/tmp/ Safely): $TMPDIR, else /tmp for small and /var/tmp for large files. The
 * variable is read each time.
 */
function wantedRoot(size: "small" | "large"): Bytes {
  const variable = process.env.TMPDIR;
  if (variable !== undefined && variable !== "") return rootFrom(variable);
  return size === "small" ? TMP : VAR_TMP;
}

/** The current directories for `"small"` and `"large"`. */
export function standardRoots(): Bytes[] {
  return [
    ...new Set([standardCandidate("small", undefined).path, standardCandidate("large", undefined).path]),
  ];
}

let lastVariable: { readonly text: string; readonly root: Bytes } | undefined;

function rootFrom(variable: string): Bytes {
  if (lastVariable?.text !== variable)
    lastVariable = { text: variable, root: requireAbsolute(bytes(variable)) };
  return lastVariable.root;
}

function requireAbsolute(path: Bytes): Bytes {
  if (isAbsolute(path)) return normalize(path);
  const message = "the environment variable TMPDIR must be an absolute path";
  throw new UnsafePathError("NOT_NORMALIZED", path, message);
}

/**
 * The current directory for temporary files: `$TMPDIR`, else /tmp for `"small"` and /var/tmp for `"large"`; in early boot,
 * a directory of Mayfly's in /run or `$XDG_RUNTIME_DIR`.
 */
export function tempRootSync(size: "small" | "large" = "small"): string {
  requireArgument("tempRoot", "size", size, choices("small", "large"));
  return toText(standardCandidate(size, undefined).path);
}
