/** The specifiers of tmpfiles.d(5), and their replacement. */
import { statSync } from "node:fs";
import { type Bytes, bytes, join, normalize } from "../../base/bytes.js";
import { groupName, homeDirectory, userName } from "../../sys/accounts.js";
import { LIMITS, readBelow } from "../../sys/read.js";
import { osRelease, readEnvironmentFile } from "./os-release.js";

/** Loaded on demand: few lines need it. */
const os = (): typeof import("node:os") => process.getBuiltinModule("node:os");

/** What specifiers are resolved against. */
export interface SpecifierHost {
  /** The directory of --root; undefined for the host itself. */
  readonly root: Bytes | undefined;
  /** User mode: directories of this user instead of the system's. */
  readonly user: boolean;
  readonly environment: NodeJS.ProcessEnv;
}

/** The value; undefined if the host does not have one (yet), and then the line is skipped. */
type Resolver = (host: SpecifierHost) => Bytes | undefined;

/** The file that holds the value is invalid, or the user is unknown. */
class BrokenSpecifierError extends Error {
  override readonly name = "BrokenSpecifierError";
}

export interface Specifier {
  readonly title: string;
  /** @internal */
  readonly resolve: Resolver;
}

const fixed =
  (value: string): Resolver =>
  () =>
    value as Bytes;

function environmentPath(host: SpecifierHost, variable: string): Bytes | undefined {
  const value = host.environment[variable];
  return value?.startsWith("/") ? bytes(value) : undefined;
}

function home(host: SpecifierHost): Bytes {
  const path = environmentPath(host, "HOME") ?? homeDirectory(process.getuid?.() ?? 0);
  if (path === undefined)
    throw new BrokenSpecifierError("this user has no home directory in the user database; set $HOME");
  return normalize(path);
}

/** A directory of the system, or of the user by the XDG base directory specification. */
function directory(system: string, variable: string, belowHome: string, suffix = ""): Resolver {
  return (host) => {
    if (!host.user) return system as Bytes;
    const own = environmentPath(host, variable);
    const base = own ?? (belowHome === "" ? undefined : join(home(host), belowHome as Bytes));
    return base === undefined || suffix === "" ? base : normalize(`${base}${suffix}` as Bytes);
  };
}

/** $TMPDIR, $TEMP or $TMP, if it is the normalized path of a directory. */
function temporary(fallback: string): Resolver {
  return (host) => {
    if (host.root !== undefined) return fallback as Bytes;
    const named = ["TMPDIR", "TEMP", "TMP"].map((variable) => environmentPath(host, variable));
    return named.find((path) => path !== undefined && isPlainDirectory(path)) ?? (fallback as Bytes);
  };
}

function isPlainDirectory(path: Bytes): boolean {
  if (/\/\/|\/\.\.?(\/|$)/.test(path)) return false;
  return statSync(Buffer.from(path, "latin1"), { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function shortHostName(): Bytes {
  return bytes(os().hostname().split(".", 1)[0] ?? "");
}

const release =
  (field: string): Resolver =>
  (host) =>
    osRelease(host.root, field);

function machineId(host: SpecifierHost): Bytes | undefined {
  const content = readBelow(host.root, "/etc/machine-id" as Bytes, LIMITS.machineId);
  if (content === undefined || content === "" || /^uninitialized\n?$/.test(content)) return undefined;
  if (!/^[0-9a-fA-F]{32}\n?$/.test(content))
    throw new BrokenSpecifierError("/etc/machine-id is not a valid machine ID");
  return /^0+\n?$/.test(content) ? undefined : (content.slice(0, 32).toLowerCase() as Bytes);
}

function bootId(): Bytes | undefined {
  const content = readBelow(undefined, "/proc/sys/kernel/random/boot_id" as Bytes, LIMITS.machineId);
  return content?.trim().replaceAll("-", "") as Bytes | undefined;
}

// The names of systemd.unit(5), ConditionArchitecture=, by those of uname(2).
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "x86-64",
  i386: "x86",
  i486: "x86",
  i586: "x86",
  i686: "x86",
  aarch64: "arm64",
  aarch64_be: "arm64-be",
  ppc64le: "ppc64-le",
  ppcle: "ppc-le",
  mips: "mips",
  loongarch64: "loongarch64",
};

function architecture(): Bytes {
  const machine = os().machine();
  const known = ARCHITECTURES[machine];
  if (known !== undefined) return known as Bytes;
  return (machine.startsWith("arm") ? (machine.endsWith("b") ? "arm-be" : "arm") : machine) as Bytes;
}

const id =
  (system: string, own: () => Bytes): Resolver =>
  (host) =>
    host.user ? own() : (system as Bytes);
const uid = (): number => process.getuid?.() ?? 0;
const gid = (): number => process.getgid?.() ?? 0;

/** All specifiers of tmpfiles.d(5). */
export const SPECIFIERS: Readonly<Record<string, Specifier>> = {
  a: { title: "Architecture", resolve: architecture },
  A: { title: "Operating system image version", resolve: release("IMAGE_VERSION") },
  b: { title: "Boot ID", resolve: bootId },
  B: { title: "Operating system build ID", resolve: release("BUILD_ID") },
  C: { title: "Cache directory", resolve: directory("/var/cache", "XDG_CACHE_HOME", ".cache") },
  D: { title: "Shared data directory", resolve: directory("/usr/share", "XDG_DATA_HOME", ".local/share") },
  g: { title: "User's group", resolve: id("root", () => groupName(gid())) },
  G: { title: "User's GID", resolve: id("0", () => `${gid()}` as Bytes) },
  h: { title: "User's home directory", resolve: home },
  H: { title: "Host name", resolve: () => bytes(os().hostname()) },
  l: { title: "Short host name", resolve: shortHostName },
  L: { title: "Log directory", resolve: directory("/var/log", "XDG_STATE_HOME", ".local/state", "/log") },
  m: { title: "Machine ID", resolve: machineId },
  M: { title: "Operating system image ID", resolve: release("IMAGE_ID") },
  o: { title: "Operating system ID", resolve: release("ID") },
  q: {
    title: "Pretty host name",
    resolve: () =>
      readEnvironmentFile(undefined, "/etc/machine-info")?.get("PRETTY_HOSTNAME") || shortHostName(),
  },
  S: { title: "State directory", resolve: directory("/var/lib", "XDG_STATE_HOME", ".local/state") },
  t: { title: "Runtime directory", resolve: directory("/run", "XDG_RUNTIME_DIR", "") },
  T: { title: "Directory for temporary files", resolve: temporary("/tmp") },
  u: { title: "User", resolve: id("root", () => userName(uid())) },
  U: { title: "UID", resolve: id("0", () => `${uid()}` as Bytes) },
  v: { title: "Kernel release", resolve: () => bytes(os().release()) },
  V: { title: "Directory for larger temporary files", resolve: temporary("/var/tmp") },
  w: { title: "Operating system version", resolve: release("VERSION_ID") },
  W: { title: "Operating system variant", resolve: release("VARIANT_ID") },
  "%": { title: "Percent sign", resolve: fixed("%") },
};

/** Why a text cannot be expanded; `at` is the offset of the percent sign. */
export interface ExpansionProblem {
  readonly problem: "unknown" | "unresolved" | "broken" | "too-long";
  readonly at: number;
  readonly message: string;
  /** For an unresolved specifier: the reason in systemd-tmpfiles 262's words. */
  readonly in262?: string;
}

export type Expand = (text: Bytes, limit?: number) => Bytes | ExpansionProblem;

/** The kernel's limit for a path in bytes, without the NUL. */
export const LONGEST_PATH = 4095;

/** Replaces specifiers; resolves each once. A percent sign that precedes neither a letter nor a digit is literal. */
export function expander(host: SpecifierHost): Expand {
  return expanderWith((specifier) => specifier.resolve(host), host.user);
}

/**
 * The same without a host: replaces each specifier by an absolute path of its own, so that lines can be parsed anywhere.
 */
export const placeholders: Expand = expanderWith((_, letter) => `/${letter}` as Bytes, false);

type Value = Bytes | ExpansionProblem;

function expanderWith(
  lookUp: (specifier: Specifier, letter: string) => Bytes | undefined,
  user: boolean,
): Expand {
  const resolved = new Map<string, Value>();
  const resolve = (letter: string): Value => {
    const value = resolved.get(letter) ?? resolveOne(lookUp, letter, user);
    resolved.set(letter, value);
    return value;
  };
  return (text, limit = LONGEST_PATH) => {
    const expanded = text.includes("%") ? expandWith(text, resolve) : text;
    if (typeof expanded !== "string" || expanded.length <= limit) return expanded;
    return { problem: "too-long", at: 0, message: `longer than ${limit} bytes` };
  };
}

function expandWith(
  text: Bytes,
  resolve: (letter: string) => Bytes | ExpansionProblem,
): Bytes | ExpansionProblem {
  let result = "";
  let copied = 0;
  for (let percent = text.indexOf("%"); percent >= 0; percent = text.indexOf("%", copied)) {
    result += text.slice(copied, percent);
    const letter = text.charAt(percent + 1);
    copied = percent + 2;
    const value = /[0-9a-zA-Z%]/.test(letter) ? resolve(letter) : (`%${letter}` as Bytes);
    if (typeof value !== "string") return { ...value, at: percent };
    result += value;
  }
  return (result + text.slice(copied)) as Bytes;
}

function resolveOne(
  lookUp: (specifier: Specifier, letter: string) => Bytes | undefined,
  letter: string,
  user: boolean,
): Value {
  const specifier = Object.hasOwn(SPECIFIERS, letter) ? SPECIFIERS[letter] : undefined;
  if (specifier === undefined) {
    return {
      problem: "unknown",
      at: 0,
      message: `unknown specifier %${letter} (use %% for a literal percent sign)`,
    };
  }
  try {
    const value = lookUp(specifier, letter);
    if (value !== undefined) return value;
    const why = user ? "its $XDG_... variable is not set" : "/etc is not initialized yet";
    const in262 = user ? "Required $XDG_... variable not defined" : "uninitialized /etc/ detected";
    const message = `%${letter} (${specifier.title}) has no value: ${why}`;
    return { problem: "unresolved", at: 0, message, in262 };
  } catch (error) {
    return { problem: "broken", at: 0, message: `%${letter}: ${(error as Error).message}` };
  }
}
