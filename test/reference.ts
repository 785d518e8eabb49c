/**
 * Finds the real systemd-tmpfiles 262 to compare with. It comes from Debian's signed packages (nothing is installed:
 * the standalone build is linked against libc alone and is only unpacked) and stays in the user's cache directory.
 * `node build/test/reference.js` fetches it and prints its path.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

interface Found {
  readonly binary: string;
  readonly version: string;
  /** 262 itself, without the repairs of 262.1. */
  readonly isUnrepaired: boolean;
  readonly missing?: never;
  readonly why?: never;
}

interface Missing {
  /** For the reason of a skipped test. */
  readonly missing: string;
  /** The cause, in one line. */
  readonly why: string;
  readonly binary?: never;
  readonly isUnrepaired?: never;
}

export type Reference = Found | Missing;

export const WANTED = 262;
/** The beginning of the reason for a skipped comparison. A run reports how often each reason occurred. */
export const NOT_COMPARED = "not compared";
const NO_REFERENCE = `${NOT_COMPARED}: no systemd-tmpfiles ${WANTED}`;
/** Debian moves on: testing first, then unstable, and the version decides. */
const SUITES = ["forky", "sid"];
const PACKAGE = "systemd-standalone-tmpfiles";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** After a failure, nothing is fetched for this long, so that not every test file waits for the network in vain. */
const RETRY_AFTER_MS = 10 * 60 * 1000;
const FETCH_LIMIT_S = 300;

/** The host's own systemd-tmpfiles, if it is this version. */
export function hostCleaner(version: number): Reference {
  return probe("/usr/bin/systemd-tmpfiles", version);
}

let found: Reference | undefined;

/**
 * The binary, fetched unless it is in the cache. $MAYFLY_REFERENCE names another one; $MAYFLY_NO_REFERENCE is the cause
 * that the test runner has found already.
 */
export function reference(): Reference {
  if (found !== undefined) return found;
  const located = locate();
  found = located.binary === undefined ? { ...located, missing: NO_REFERENCE } : located;
  if (found.why !== undefined && process.env.MAYFLY_NO_REFERENCE === undefined)
    process.stderr.write(`Nothing is compared with systemd-tmpfiles ${WANTED}: ${found.why}\n`);
  return found;
}

function none(why: string): Missing {
  return { missing: `${NOT_COMPARED}: ${why}`, why };
}

function locate(): Reference {
  const { MAYFLY_REFERENCE: given, MAYFLY_NO_REFERENCE: cause, XDG_CACHE_HOME } = process.env;
  if (cause !== undefined) return none(cause);
  if (given !== undefined) return probe(given);
  const home = join(XDG_CACHE_HOME || join(homedir(), ".cache"), "mayfly", `reference-${WANTED}`);
  const cached = join(home, "root/usr/bin/systemd-tmpfiles");
  if (existsSync(cached)) return probe(cached);
  try {
    mkdirSync(home, { recursive: true });
    if (failedJustNow(home)) return none(readFileSync(join(home, "failed"), "utf8"));
    // Test files are processes of their own: one fetches, the others wait for it.
    const fetch = [process.execPath, import.meta.filename, "--fetch", home];
    const { stderr, error } = spawnSync("flock", ["-w", `${FETCH_LIMIT_S}`, join(home, "lock"), ...fetch], {
      encoding: "utf8",
      timeout: 2 * FETCH_LIMIT_S * 1000,
    });
    if (existsSync(cached)) return probe(cached);
    const why = `could not be fetched: ${firstError(stderr || error?.message || "unknown")}`;
    writeFileSync(join(home, "failed"), why);
    return none(why);
  } catch (error) {
    return none(`no cache directory for it (set XDG_CACHE_HOME): ${(error as Error).message}`);
  }
}

/** The first error among the lines that apt prints. */
function firstError(text: string): string {
  const lines = text.trim().split("\n");
  const line = lines.find((each) => /\bE: /.test(each)) ?? lines[0] ?? "";
  return line.replace(/^.*?\bE: /, "").slice(0, 200);
}

function failedJustNow(home: string): boolean {
  const stamp = statSync(join(home, "failed"), { throwIfNoEntry: false });
  return stamp !== undefined && Date.now() - stamp.mtimeMs < RETRY_AFTER_MS;
}

function probe(binary: string, wanted = WANTED): Reference {
  const asked = spawnSync(binary, ["--version"], { encoding: "utf8" });
  const version = /^systemd (\d+)/.exec(asked.stdout ?? "")?.[1];
  if (version === undefined)
    return none(
      `${binary} does not run here: ${asked.error?.message ?? (asked.stderr.trim() || "it prints no version")}`,
    );
  if (Number(version) !== wanted) return none(`${binary} is version ${version}, not ${wanted}`);
  return { binary, version, isUnrepaired: new RegExp(`\\(${version}[-)]`).test(asked.stdout) };
}

function run(command: string, args: readonly string[], cwd: string): string {
  const result = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: FETCH_LIMIT_S * 1000,
  });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`${command} ${args.at(-1)}: ${result.stderr.trim()}`);
  return result.stdout;
}

/** The mirror that this host uses, or Debian's. */
function mirror(): string {
  const folder = "/etc/apt/sources.list.d";
  const files = [join(folder, "debian.sources"), "/etc/apt/sources.list"].filter((file) => existsSync(file));
  const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
  return (
    /^(?:URIs:|deb(?: \[[^\]]*\])?)\s*(https?:\S*\/debian\/?)(?:\s|$)/m.exec(text)?.[1] ??
    "http://deb.debian.org/debian"
  );
}

/**
 * apt with its own lists, archives and sources, so that it touches nothing of the host and needs no root. A frozen or
 * stale mirror will do: signatures are checked, and the version decides, so it does not matter how old they are.
 */
function aptOptions(work: string): string[] {
  mkdirSync(join(work, "lists/partial"), { recursive: true });
  mkdirSync(join(work, "archives/partial"), { recursive: true });
  const sources = SUITES.map((suite) => `deb [signed-by=${KEYRING}] ${mirror()} ${suite} main\n`);
  writeFileSync(join(work, "sources.list"), sources.join(""));
  const settings = [
    `Dir::Etc::SourceList=${work}/sources.list`,
    "Dir::Etc::SourceParts=/dev/null",
    `Dir::State::Lists=${work}/lists`,
    `Dir::State::status=/dev/null`,
    `Dir::Cache=${work}`,
    "Acquire::Languages=none",
    "Acquire::Check-Valid-Until=false",
    "Acquire::Check-Date=false",
    "Acquire::Retries=2",
    "Acquire::http::Timeout=30",
    ...(process.getuid?.() === 0 ? ["APT::Sandbox::User=root"] : []),
  ];
  return ["-qq", ...settings.flatMap((setting) => ["-o", setting])];
}

function fetchInto(home: string): void {
  if (existsSync(join(home, "root"))) return;
  const work = mkdtempSync(join(home, "fetch-"));
  try {
    const apt = aptOptions(work);
    run("apt-get", [...apt, "update"], work);
    const offered = [...run("apt-cache", [...apt, "show", PACKAGE], work).matchAll(/^Version: (\S+)$/gm)];
    const version = offered
      .map((match) => match[1] ?? "")
      .find((text) => Number.parseInt(text, 10) === WANTED);
    if (version === undefined)
      throw new Error(`Debian has ${PACKAGE} ${offered.map((match) => match[1]).join(", ")}`);
    run("apt-get", [...apt, "download", `${PACKAGE}=${version}`], work);
    const deb = readdirSync(work).find((name) => name.endsWith(".deb"));
    run("dpkg-deb", ["-x", join(work, deb ?? "missing.deb"), join(work, "root")], work);
    renameSync(join(work, "root"), join(home, "root"));
    rmSync(join(home, "failed"), { force: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const home = process.argv[2] === "--fetch" ? process.argv[3] : undefined;
  try {
    if (home !== undefined) fetchInto(home);
    else process.stdout.write(`${reference().binary ?? ""}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
