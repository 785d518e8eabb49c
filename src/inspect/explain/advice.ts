/** Advice on keeping a path, or on having it removed: lines for tmpfiles.d and commands for a shell that work as they stand. */
import {
  type Bytes,
  basename,
  components,
  dirname,
  escapeForDisplay,
  isBelow,
  toText,
} from "../../base/bytes.js";
import type { InodeKind, Source, TimestampName } from "../../base/events.js";
import { shellQuoted } from "../../base/shell-quote.js";
import { formatTimeSpan } from "../../base/time-span.js";
import { SYSTEM_DIRECTORIES } from "../../tmpfiles/check/system-directories.js";
import { quotedPattern } from "../../tmpfiles/syntax/quote.js";
import type { CleanerVersion } from "./configuration.js";
import { locationText } from "./evaluate.js";
import type { Explanation } from "./explanation.js";
import type { Evaluation } from "./observer.js";

/** What advice depends on beside the explanation. */
export interface AdviceContext {
  readonly version: CleanerVersion;
  /** Of what is there; undefined if nothing is. */
  readonly kind: InodeKind | undefined;
  /** The path as lines come upon it, which may differ from what was asked by symlinks. */
  readonly path: Bytes;
  /** What decides on the daily clean, and at boot. */
  readonly evaluation: Evaluation | undefined;
  readonly boot: Evaluation | undefined;
}

/** What to do to keep the path, and what to do so that it goes. */
export function adviceFor(
  explained: Omit<Explanation, "advice" | "notices">,
  { version, kind, path, evaluation, boot }: AdviceContext,
): string[] {
  const { verdict, reasons, exists, expires, user } = explained;
  const advice: string[] = [];
  if (boot !== undefined) advice.push(...bootAdvice(boot, user));
  if (verdict === "remove" || expires !== undefined) {
    const decisive = verdict === "remove" ? explained.decisive : undefined;
    const options = { version, kind, user, ...(evaluation !== undefined && { evaluation }) };
    advice.push(...keepingAdvice(evaluation?.name ?? path, decisive, options));
  }
  if (!exists && expires !== undefined && explained.age !== undefined) {
    advice.push(`a file created here now is kept for ${formatTimeSpan(explained.age)} after its last use`);
  }
  if (boot === undefined && reasons.some(({ code }) => code === "no-line"))
    advice.push(...removalAdvice(path, kind, version));
  return [...new Set(advice)];
}

export interface KeepingOptions {
  readonly version?: CleanerVersion;
  /** A file, if it is not given. */
  readonly kind?: InodeKind | undefined;
  /** The line is one of the user's own configuration. */
  readonly user?: boolean;
  /** What the deciding line came to at the path. */
  readonly evaluation?: Pick<Evaluation, "itself" | "base" | "source">;
}

/** How an entry is kept from the next run; `decisive` is the timestamp that it was too old by. */
export function keepingAdvice(
  path: Bytes,
  decisive: TimestampName | undefined,
  { version = 262, kind = "file", user = false, evaluation }: KeepingOptions = {},
): string[] {
  if (evaluation?.itself === true) return [ownLineAdvice(evaluation.source), ...touchAdvice(decisive)];
  return [
    exclusionAdvice(path, user),
    ...lockAdvice(path, kind, version, evaluation?.base),
    ...touchAdvice(decisive),
  ];
}

function exclusionAdvice(path: Bytes, user: boolean): string {
  const directory = user ? "~/.config/user-tmpfiles.d" : "/etc/tmpfiles.d";
  return `to keep it, add \`x ${toText(quotedPattern(path))}\` to a file in ${directory}`;
}

/** tmpfiles.d(5): `x` has no influence on what an `r` or `R` line names. */
function ownLineAdvice(source: Source): string {
  return `to keep it, change ${locationText(source)}: that line names this very path, and no x line keeps it from that`;
}

function bootAdvice({ itself, source, name }: Evaluation, user: boolean): string[] {
  const fact = `\`${escapeForDisplay(source.text)}\` removes it at every boot, whatever its age`;
  if (itself)
    return [
      `${fact}, and no x line keeps it from that: store it elsewhere, or change ${locationText(source)}`,
    ];
  return [fact, exclusionAdvice(name, user)];
}

/** Only files and directories can be opened for a lock. The lock of the line's own directory does not count. */
function lockAdvice(
  path: Bytes,
  kind: InodeKind,
  version: CleanerVersion,
  base: Bytes | undefined,
): string[] {
  const isDirectory = kind === "directory" || kind === "subvolume";
  const aboveCounts = dirname(path) !== (base ?? dirname(path));
  if (isDirectory || (kind === "file" && version !== 252)) {
    const where = aboveCounts ? "it, or on a directory above it," : "it";
    return [`or hold a flock(2) on ${where} while it is in use: flock ${shellQuoted(path)} COMMAND`];
  }
  if (!aboveCounts) return [];
  const why = kind === "file" ? " (252 ignores locks on files)" : "";
  return [
    `or hold a flock(2) on its directory while it is in use${why}: flock ${shellQuoted(dirname(path))} COMMAND`,
  ];
}

function touchAdvice(decisive: TimestampName | undefined): string[] {
  if (decisive === undefined || decisive === "btime") return [];
  const unpacked =
    decisive === "ctime"
      ? ""
      : ": files unpacked with old timestamps are old at once; unpack without them (tar -m), or touch it";
  return [`its newest timestamp that counts is its ${decisive}${unpacked}`];
}

/** Trees whose contents nobody has removed by age. */
const UNTOUCHED = [
  "/bin",
  "/boot",
  "/dev",
  "/efi",
  "/etc",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/proc",
  "/root",
  "/sbin",
  "/sys",
  "/usr",
  "/var/lib",
] as Bytes[];
const SHARED_MEMORY = "/dev/shm" as Bytes;

/** Only for what may be temporary: nobody asked how to delete /etc, a device or a home directory. */
function removalAdvice(path: Bytes, kind: InodeKind | undefined, version: CleanerVersion): string[] {
  if (!mayBeTemporary(path)) return [];
  if (kind === "directory" || kind === "subvolume") {
    return [`to have what lies in it removed by age, add \`e ${toText(quotedPattern(path))} - - - 10d\``];
  }
  // 252 does not clean by the age of r lines.
  if (version === 252 || kind === "socket" || kind?.endsWith("-device")) return [];
  return [`to have it removed by age, add \`r ${toText(quotedPattern(path))} - - - 10d\``];
}

function mayBeTemporary(path: Bytes): boolean {
  if (SYSTEM_DIRECTORIES.includes(path) || path === SHARED_MEMORY || dirname(path) === "/home") return false;
  // Hidden files are settings, unless they are a cache.
  const hidden = components(path).some((name) => name.startsWith(".") && name !== ".cache");
  if (hidden || basename(path) === ".cache") return false;
  return isBelow(path, SHARED_MEMORY) || !UNTOUCHED.some((tree) => isBelow(path, tree));
}
