/** The real systemd-tmpfiles 262 as the cleaner that temporary files must survive. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { endWithTest } from "../../children.js";
import { reference } from "../../reference.js";

const shimSource = resolve(import.meta.dirname, "../../../../test/unit/temp/clock-ahead.c");
const DAY_SECONDS = 86_400;

/** Why the real cleaner can't be run here, as a reason for skipping. */
export function cleanerMissing(): string | false {
  return reference().missing ?? false;
}

/** A library that sets a process's clock ahead; undefined if there is no C compiler. */
export function clockAhead(folder: string): string | undefined {
  const library = join(folder, "clock-ahead.so");
  if (!existsSync(library)) {
    const built = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, shimSource, "-ldl"], {
      stdio: "ignore",
    });
    if (built.status !== 0) return undefined;
  }
  return library;
}

export interface Ageing {
  /** The directory whose contents age. */
  readonly dir: string;
  readonly age: string;
  /** A folder for the configuration. */
  readonly folder: string;
  /** Further configuration files. */
  readonly extra?: readonly string[];
  /** How far the cleaner's clock is ahead. */
  readonly daysAhead?: number;
  readonly clock?: string;
}

/** One run of the cleaner. */
export function ageOnce(ageing: Ageing): void {
  const { binary, args, env } = cleaner(ageing);
  const { status, stderr } = spawnSync(binary, args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`systemd-tmpfiles ended with ${status}: ${stderr}`);
}

/** Run after run, until the process is killed. */
export function ageInALoop(ageing: Ageing): ChildProcess {
  const { binary, args, env } = cleaner(ageing);
  const loop = 'while :; do "$@" 2>/dev/null; done';
  return endWithTest(spawn("sh", ["-c", loop, "cleaner", binary, ...args], { env, stdio: "ignore" }));
}

function cleaner({ dir, age, folder, extra = [], daysAhead = 0, clock }: Ageing) {
  const { binary } = reference();
  if (binary === undefined) throw new Error("there is no cleaner to run");
  const configuration = join(folder, "ageing.conf");
  writeFileSync(configuration, `d ${dir} - - - ${age}\n`);
  const ahead = { LD_PRELOAD: clock, CLOCK_AHEAD_SECONDS: String(daysAhead * DAY_SECONDS) };
  return {
    binary,
    args: ["--clean", configuration, ...extra],
    env: daysAhead > 0 ? { ...process.env, ...ahead } : process.env,
  };
}
