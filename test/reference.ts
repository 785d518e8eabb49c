/**
 * The real systemd-tmpfiles 262, to compare with. It comes from Debian's own signed packages (nothing is installed:
 * the standalone build is linked against libc alone and is only unpacked) and stays in the user's cache directory.
 * `node build/test/reference.js` fetches it and prints where it is.
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

export type Reference =
  | { readonly binary: string; readonly version: string; readonly missing?: never }
  /** Why there is none, for the reason string of a skipped test. */
  | { readonly missing: string; readonly binary?: never };

const WANTED = 262;
/** Debian moves on: testing first, then unstable, and the version decides. */
const SUITES = ["forky", "sid"];
const PACKAGE = "systemd-standalone-tmpfiles";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** After a failure nothing is fetched for so long: a test run offline shall not wait for each of its files. */
const RETRY_AFTER_MS = 10 * 60 * 1000;

/** The host's own, where it is of this version. */
export function hostCleaner(version: number): Reference {
  return probe("/usr/bin/systemd-tmpfiles", version);
}

let found: Reference | undefined;

/**
 * The binary, fetched where it is not in the cache yet, or why it can't be had: said once on standard error too,
 * since a comparison that does not happen must not go unnoticed. `MAYFLY_REFERENCE` names another binary.
 */
export function reference(): Reference {
  if (found !== undefined) return found;
  found = locate();
  if (found.missing !== undefined)
    process.stderr.write(`\nNOT COMPARED with systemd-tmpfiles ${WANTED}: ${found.missing}\n\n`);
  return found;
}

function locate(): Reference {
  const given = process.env.MAYFLY_REFERENCE;
  if (given !== undefined) return probe(given);
  const home = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "mayfly", `reference-${WANTED}`);
  const cached = join(home, "root/usr/bin/systemd-tmpfiles");
  if (existsSync(cached)) return probe(cached);
  try {
    mkdirSync(home, { recursive: true });
  } catch (error) {
    return { missing: `no cache directory to keep it in (set XDG_CACHE_HOME): ${(error as Error).message}` };
  }
  if (failedJustNow(home)) return { missing: readFileSync(join(home, "failed"), "utf8") };
  // Test files run as processes of their own: one fetches, the others wait for it.
  const fetching = spawnSync(
    "flock",
    [join(home, "lock"), process.execPath, import.meta.filename, "--fetch", home],
    {
      encoding: "utf8",
    },
  );
  if (existsSync(cached)) return probe(cached);
  const missing = `could not be fetched: ${(fetching.stderr || fetching.error?.message || "unknown").trim()}`;
  writeFileSync(join(home, "failed"), missing);
  return { missing };
}

function failedJustNow(home: string): boolean {
  const stamp = statSync(join(home, "failed"), { throwIfNoEntry: false });
  return stamp !== undefined && Date.now() - stamp.mtimeMs < RETRY_AFTER_MS;
}

function probe(binary: string, wanted = WANTED): Reference {
  const asked = spawnSync(binary, ["--version"], { encoding: "utf8" });
  const version = /^systemd (\d+)/.exec(asked.stdout ?? "")?.[1];
  if (version === undefined)
    return { missing: `${binary} does not run here: ${asked.error?.message ?? asked.stderr}` };
  if (Number(version) !== wanted) return { missing: `${binary} is version ${version}, not ${wanted}` };
  return { binary, version };
}

function run(command: string, args: readonly string[], cwd: string): string {
  const result = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`${command} ${args.at(-1)}: ${result.stderr.trim()}`);
  return result.stdout;
}

/** The mirror that this host uses, or Debian's own. */
function mirror(): string {
  const folder = "/etc/apt/sources.list.d";
  const files = [join(folder, "debian.sources"), "/etc/apt/sources.list"].filter((file) => existsSync(file));
  const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
  return (
    /^(?:URIs:|deb(?: \[[^\]]*\])?)\s*(https?:\S*\/debian\/?)(?:\s|$)/m.exec(text)?.[1] ??
    "http://deb.debian.org/debian"
  );
}

/** apt with lists, archives and sources of its own, so that it touches nothing of the host and needs no root. */
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
