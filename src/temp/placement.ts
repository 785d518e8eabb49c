import { type Bytes, bytes, isAbsolute, simplify, toText } from "../base/bytes.js";
import { UnsafePathError } from "../base/errors.js";
import { isUp } from "./early-boot.js";
import { type FullPlace, fullCode, fullPlace, TempSpaceError } from "./errors.js";
import { type PathInput, type PlacementOptions, pathBytes } from "./options.js";
import { openParent, type Parent, standardParent } from "./parent.js";
import { immediately, runSync, type Steps } from "./steps.js";
import { ownRuntimeDirectory } from "./well-known.js";

const TMP = "/tmp" as Bytes;
const VAR_TMP = "/var/tmp" as Bytes;

/** Where to make something, and how the directory is opened. */
interface Place {
  readonly path: Bytes;
  readonly open: (path: Bytes) => Parent;
}

/**
 * Makes something in the first of the places that has room for it. `make` must leave nothing behind where it throws.
 * `tried` are places that proved full before: where there are some, only what is left to fall back to is asked.
 *
 * @throws TempSpaceError where none had room; whatever else `make` throws, at once.
 */
export function* inPlaces<Made>(
  options: PlacementOptions,
  make: (parent: Parent) => Steps<Made>,
  tried: readonly FullPlace[] = [],
): Steps<Made> {
  const full: Full[] = tried.map((place) => new Full(place, undefined));
  if (full.length === 0) {
    const made = yield* makeIn(firstPlace(options), make);
    if (!(made instanceof Full)) return made;
    full.push(made);
  }
  for (const place of fallbackPlaces(options)) {
    const made = yield* makeIn(place, make);
    if (!(made instanceof Full)) return made;
    full.push(made);
  }
  throw new TempSpaceError(
    full.map(({ place }) => place),
    full.at(-1)?.cause,
  );
}

/** The same for what takes no step worth waiting for. */
export function inPlace<Made>(options: PlacementOptions, make: (parent: Parent) => Made): Made {
  return runSync(inPlaces(options, (parent) => immediately(() => make(parent))));
}

/** That a place had no room, as a value: going on elsewhere is not an error. */
class Full {
  readonly place: FullPlace;
  readonly cause: unknown;

  constructor(place: FullPlace, cause: unknown) {
    this.place = place;
    this.cause = cause;
  }
}

function* makeIn<Made>(place: Place, make: (parent: Parent) => Steps<Made>): Steps<Made | Full> {
  const parent = place.open(place.path);
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

function firstPlace({ dir, size, earlyBoot }: PlacementOptions): Place {
  if (dir !== undefined) return named(dir);
  return { path: standardRoot(size ?? "small", earlyBoot), open: standardParent };
}

function fallbackPlaces(options: PlacementOptions): Place[] {
  const { fallback = false } = options;
  if (typeof fallback !== "boolean") return fallback.map(named);
  if (!fallback) return [];
  const first = firstPlace(options).path;
  return [standardRoot(options.size ?? "small", options.earlyBoot), TMP, VAR_TMP]
    .filter((path, index, all) => path !== first && all.indexOf(path) === index)
    .filter((path) => options.earlyBoot === false || (options.earlyBoot === undefined && isUp(path)))
    .map(standard);
}

const named = (dir: PathInput): Place => ({ path: pathBytes(dir), open: openParent });
const standard = (path: Bytes): Place => ({ path, open: standardParent });

/**
 * systemd's guide (Using /tmp/ and /var/tmp/ Safely): $TMPDIR, then /tmp for small and /var/tmp for large. The variable
 * is read each time. Before local file systems are up, both may still be hidden by a mount; only /run will do.
 */
function standardRoot(size: "small" | "large", earlyBoot: boolean | undefined): Bytes {
  const variable = process.env.TMPDIR;
  const root = variable === undefined || variable === "" ? defaultRoot(size) : rootFrom(variable);
  if (earlyBoot === false) return root;
  return earlyBoot === true || !isUp(root) ? ownRuntimeDirectory() : root;
}

const defaultRoot = (size: "small" | "large"): Bytes => (size === "small" ? TMP : VAR_TMP);

/** Where `"small"` and `"large"` go at present. */
export function standardRoots(): Bytes[] {
  return [...new Set([standardRoot("small", undefined), standardRoot("large", undefined)])];
}

let lastVariable: { readonly text: string; readonly root: Bytes } | undefined;

function rootFrom(variable: string): Bytes {
  if (lastVariable?.text !== variable)
    lastVariable = { text: variable, root: requireAbsolute(bytes(variable)) };
  return lastVariable.root;
}

function requireAbsolute(path: Bytes): Bytes {
  if (isAbsolute(path)) return simplify(path);
  throw new UnsafePathError("NOT_NORMALIZED", path, "TMPDIR must be an absolute path");
}

/** Whether only /run and memory will do: then what needs no directory at all is better off in memory. */
export function isEarly({ dir, size, earlyBoot }: PlacementOptions): boolean {
  if (dir !== undefined || earlyBoot === false) return false;
  return earlyBoot === true || !isUp(standardRoot(size ?? "small", false));
}

/**
 * The directory for temporary files, as it is now: `$TMPDIR`, else /tmp for `"small"` and /var/tmp for `"large"`; in
 * early boot a directory of our own below /run or `$XDG_RUNTIME_DIR`.
 */
export function tempRootSync(size: "small" | "large" = "small"): string {
  return toText(standardRoot(size, undefined));
}
