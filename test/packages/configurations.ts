/**
 * Runs the tmpfiles.d files of real packages with systemd-tmpfiles 262 and with Mayfly, each in a root of its own: the trees, the
 * messages and the exit statuses must be the same, and `mayfly check` must find no error that 262 does not. Not part of
 * `npm test`: `node build/test/packages/configurations.js PATH...`, where PATH is a .deb, a .conf or a directory of them.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { instrument } from "../oracle/instrument.js";
import { differences, snapshot } from "../oracle/snapshot.js";
import { PROGRAM } from "../ordinary-user.js";
import { reference } from "../reference.js";
import { makeScratch, removeScratch } from "../scratch.js";

const DAY_S = 86_400;
const FIRST_ID = 1000;
const DIRECTORIES =
  "tmp var/tmp var/lib var/log var/cache var/spool run etc usr/lib/tmpfiles.d usr/share/factory/etc home root boot dev proc sys";
/** What is run one after the other, and how many days later. */
const STEPS: readonly (readonly [args: readonly string[], days: number])[] = [
  [["--create", "--boot"], 0],
  [["--create"], 0],
  [["--clean"], 400],
  [["--remove", "--boot"], 400],
];

interface Configuration {
  readonly name: string;
  readonly origin: string;
  readonly text: string;
}

function collect(path: string, scratch: string): Configuration[] {
  if (path.endsWith(".deb")) {
    const into = join(scratch, basename(path));
    const { status, stderr } = spawnSync("dpkg-deb", ["-x", path, into], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${path}: ${stderr}`);
    const found = ["usr/lib/tmpfiles.d", "lib/tmpfiles.d", "usr/lib/user-tmpfiles.d"].flatMap((below) =>
      namesIn(join(into, below)).map((name) => join(into, below, name)),
    );
    return found.flatMap((file) => collect(file, scratch));
  }
  if (statSync(path).isDirectory())
    return namesIn(path).flatMap((name) => collect(join(path, name), scratch));
  if (!path.endsWith(".conf")) return [];
  return [
    { name: basename(path), origin: path.replace(`${scratch}/`, ""), text: readFileSync(path, "latin1") },
  ];
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** All users and groups that any line names, so that the lines do something. */
function accounts(all: readonly Configuration[], field: 3 | 4): string[] {
  const lines = all.flatMap(({ text }) => text.split("\n")).filter((line) => /^[A-Za-z]/.test(line));
  const names = lines.map((line) => (line.split(/\s+/)[field] ?? "").replace(/^:/, ""));
  return ["root", ...new Set(names.filter((name) => /^[a-z_][a-z0-9_-]*$/.test(name) && name !== "root"))];
}

function makeRoot(
  root: string,
  one: Configuration,
  users: readonly string[],
  groups: readonly string[],
): void {
  for (const directory of DIRECTORIES.split(" ")) mkdirSync(join(root, directory), { recursive: true });
  const id = (at: number): number => (at === 0 ? 0 : FIRST_ID + at);
  const passwd = users.map((name, at) => `${name}:x:${id(at)}:${id(at)}::/:/bin/sh\n`).join("");
  writeFileSync(join(root, "etc/passwd"), passwd);
  writeFileSync(join(root, "etc/group"), groups.map((name, at) => `${name}:x:${id(at)}:\n`).join(""));
  writeFileSync(join(root, "etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
  writeFileSync(join(root, "usr/lib/os-release"), "ID=debian\nVERSION_ID=13\n");
  writeFileSync(join(root, "usr/lib/tmpfiles.d", one.name), one.text, "latin1");
}

/** In each directory something that a clean may remove. */
function populate(root: string): void {
  const directories = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  for (const { parentPath, name } of directories) {
    const directory = join(parentPath, name);
    if (/\/(usr|dev|proc|sys)(\/|$)/.test(directory.slice(root.length))) continue;
    mkdirSync(join(directory, "put-here"), { recursive: true });
    writeFileSync(join(directory, "put-here/file"), "");
  }
}

function compare(
  one: Configuration,
  scratch: string,
  users: readonly string[],
  groups: readonly string[],
): string[] {
  const roots = ["a", "b"].map((letter) => join(scratch, letter, "root"));
  const [theirs = "", ours = ""] = roots;
  const since = BigInt(Date.now() - 1000) * 1_000_000n;
  for (const root of roots) makeRoot(root, one, users, groups);
  const found: string[] = [];
  let errors = "";
  let size = 0;
  for (const [args, days] of STEPS) {
    const run = (command: string, first: readonly string[], root: string) => {
      const env = {
        PATH: process.env.PATH,
        LC_ALL: "C",
        MAYFLY_CLOCK_SHIFT: `${days * DAY_S}`,
        LD_PRELOAD: tools.clock,
      };
      const { status, stderr } = spawnSync(command, [...first, `--root=${root}`, ...args], {
        env,
        encoding: "latin1",
      });
      return { status, stderr: stderr.replaceAll(root, "@") };
    };
    const [real, own] = [run(tools.binary, [], theirs), run(process.execPath, [PROGRAM, "tmpfiles"], ours)];
    errors += real.stderr;
    const what = args.join(" ");
    if (real.status !== own.status) found.push(`${what}: status ${real.status}, ours ${own.status}`);
    if (real.stderr !== own.stderr)
      found.push(`${what}: messages differ\n  262:  ${real.stderr}\n  ours: ${own.stderr}`);
    const [before, after] = roots.map((root) => snapshot(Buffer.from(root), since));
    if (!args.includes("--create")) removed += size - (before?.size ?? 0);
    if (before !== undefined && after !== undefined)
      found.push(...differences(before, after).map((each) => `${what}: ${each}`));
    if (args.includes("--create")) for (const root of roots) populate(root);
    size = snapshot(Buffer.from(theirs), since).size;
  }
  return [...found, ...falseErrors(one, ours, errors)];
}

/** Errors of `mayfly check` in lines of which the real one reports nothing. */
function falseErrors(one: Configuration, root: string, errors: string): string[] {
  const args = [PROGRAM, "check", "--json", `--root=${root}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (stderr !== "") return [`check: status ${status}, ${stderr}`];
  const messages = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { severity?: string; source?: { line: number } });
  return messages
    .filter(
      ({ severity, source }) => severity === "error" && !errors.includes(`${one.name}:${source?.line}:`),
    )
    .map((message) => `check: ${JSON.stringify(message)}`);
}

function main(paths: readonly string[]): number {
  const scratch = makeScratch();
  try {
    const all = [
      ...new Map(paths.flatMap((path) => collect(path, scratch)).map((one) => [one.text, one])).values(),
    ];
    const [users, groups] = [accounts(all, 3), accounts(all, 4)];
    let differing = 0;
    for (const [at, one] of all.entries()) {
      const place = join(scratch, `case-${at}`);
      const found = compare(one, place, users, groups);
      if (found.length > 0) differing++;
      for (const each of found) console.log(`${one.origin}: ${each}`);
      removeScratch(place);
    }
    console.log(
      `${all.length} configuration files, ${removed} entries removed, ${differing} with differences`,
    );
    return differing === 0 ? 0 : 1;
  } finally {
    removeScratch(scratch);
    tools.remove();
  }
}

/** How many entries 262 has removed, which shows that there was something to compare. */
let removed = 0;
const found = instrument(reference());
if ("missing" in found) throw new Error(found.missing);
const tools = found;
process.exitCode = main(process.argv.slice(2));
