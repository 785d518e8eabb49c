/** Advice on how to keep a path or have it removed, with lines for tmpfiles.d and shell commands that work unchanged. */
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

/** What the advice depends on besides the explanation. */
export interface AdviceContext {
  readonly version: CleanerVersion;
  /** Undefined if the path does not exist. */
  readonly kind: InodeKind | undefined;
  /** The path as lines reach it; symlinks can make it differ from the requested path. */
  readonly path: Bytes;
  /** The decisive evaluation for the daily clean, and for the boot. */
  readonly evaluation: Evaluation | undefined;
  readonly boot: Evaluation | undefined;
}

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
  /** `file` by default. */
  readonly kind?: InodeKind | undefined;
  /** The line is from the user's own configuration. */
  readonly user?: boolean;
  /** The evaluation of the decisive line. */
  readonly evaluation?: Pick<Evaluation, "itself" | "base" | "source">;
}

/** How to keep an entry from the next run; `decisive` is the timestamp that made it too old. */
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

/** tmpfiles.d(5): `x` does not affect the paths of `r` and `R` lines. */
function ownLineAdvice(source: Source): string {
  return `to keep it, change ${locationText(source)}: that line specifies this exact path, and x lines do not apply to it`;
}

function bootAdvice({ itself, source, name }: Evaluation, user: boolean): string[] {
  const fact = `\`${escapeForDisplay(source.text)}\` removes it at every boot, regardless of age`;
  if (itself)
    return [`${fact}, and x lines do not apply to it: store it elsewhere, or change ${locationText(source)}`];
  return [fact, exclusionAdvice(name, user)];
}

/** Only files and directories can be locked. A lock on the line's own directory has no effect. */
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
      : ": files unpacked with old timestamps are immediately old; unpack without timestamps (tar -m), or touch them";
  return [`its newest relevant timestamp is its ${decisive}${unpacked}`];
}

/** Trees whose contents are never removed by age. */
const PERMANENT = [
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

/** Only for paths that may be temporary: never advise the removal of /etc, a device or a home directory. */
function removalAdvice(path: Bytes, kind: InodeKind | undefined, version: CleanerVersion): string[] {
  if (!mayBeTemporary(path)) return [];
  if (kind === "directory" || kind === "subvolume") {
    return [`to have its contents removed by age, add \`e ${toText(quotedPattern(path))} - - - 10d\``];
  }
  // 252 ignores the age of r lines.
  if (version === 252 || kind === "socket" || kind?.endsWith("-device")) return [];
  return [`to have it removed by age, add \`r ${toText(quotedPattern(path))} - - - 10d\``];
}

function mayBeTemporary(path: Bytes): boolean {
  if (SYSTEM_DIRECTORIES.includes(path) || path === SHARED_MEMORY || dirname(path) === "/home") return false;
  // Hidden files are usually settings, except for caches.
  const hidden = components(path).some((name) => name.startsWith(".") && name !== ".cache");
  if (hidden || basename(path) === ".cache") return false;
  return isBelow(path, SHARED_MEMORY) || !PERMANENT.some((tree) => isBelow(path, tree));
}
