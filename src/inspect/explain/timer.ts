/** Determines when the host's cleaner runs, from systemctl or from unit files. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type Bytes, bytes } from "../../base/bytes.js";
import { DAY, type Nanoseconds, SECOND } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";
import { systemClock } from "../../sys/clock.js";
import { LIMITS, readBelow } from "../../sys/read.js";

/** The schedule of the host's cleaner. */
export interface CleanerTimer {
  readonly first: Nanoseconds;
  readonly every: Nanoseconds;
  /** Where the schedule comes from, as text. */
  readonly from: string;
}

const UNIT = "systemd-tmpfiles-clean.timer";
/** In the order of precedence of systemd.unit(5). */
function unitDirectories(user: boolean): string[] {
  const kind = user ? "user" : "system";
  const shared = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map(
    (each) => `${each}/systemd/${kind}`,
  );
  const { XDG_CONFIG_HOME: config, HOME: home } = process.env;
  const own = config?.startsWith("/") ? config : home?.startsWith("/") ? `${home}/.config` : undefined;
  return user && own !== undefined ? [`${own}/systemd/user`, ...shared] : shared;
}
/** systemctl answers at once unless its service manager hangs. */
const TIMEOUT_MS = 2_000;

/**
 * The timer of systemd-tmpfiles-clean: its next run according to systemctl if possible, otherwise according to its unit
 * files. Undefined if systemd is not running or has no such timer. `user`: the timer of this user's service manager.
 */
export function cleanerTimer(user = false): CleanerTimer | undefined {
  if (!existsSync("/run/systemd/system")) return undefined;
  const written = writtenTimer(user);
  const next = askSystemd(user);
  if (next === undefined) return written;
  const every = written?.every ?? DAY;
  const then = written === undefined ? "assuming one run per day" : `according to ${written.from}`;
  return { first: next, every, from: `systemctl ${user ? "--user " : ""}show ${UNIT}; after that ${then}` };
}

/** The first run at or after a moment. */
export function nextRun({ first, every }: CleanerTimer, after: Nanoseconds): Nanoseconds {
  if (after <= first) return first;
  return first + ((after - first + every - 1n) / every) * every;
}

function askSystemd(user: boolean): Nanoseconds | undefined {
  const properties = "--property=NextElapseUSecRealtime,NextElapseUSecMonotonic";
  const manager = user ? ["--user"] : [];
  const { status, stdout } = spawnSync(
    "systemctl",
    [...manager, "show", "--timestamp=unix", properties, UNIT],
    {
      encoding: "latin1",
      env: { ...process.env, LC_ALL: "C" },
      timeout: TIMEOUT_MS,
    },
  );
  return status === 0 ? nextElapse(stdout, systemClock.now(), process.hrtime.bigint()) : undefined;
}

/**
 * The earlier of the two times that `systemctl show` prints: a timestamp (`@1700000000`) and a span on the monotonic clock.
 * Before systemd 247, which introduced `--timestamp=unix`, the timestamp is not a number and is ignored.
 */
export function nextElapse(text: string, now: Nanoseconds, monotonic: Nanoseconds): Nanoseconds | undefined {
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
  const seconds = /^@(\d+)$/.exec(value("NextElapseUSecRealtime"))?.[1];
  const span = parseTimeSpan(value("NextElapseUSecMonotonic") as Bytes);
  const moments = [
    ...(seconds === undefined || seconds === "0" ? [] : [BigInt(seconds) * SECOND]),
    ...(span === undefined || span === 0n || span > MAX_SPAN ? [] : [now - monotonic + span]),
  ];
  return moments.sort((a, b) => Number(a - b))[0];
}

/** systemd prints a huge value for a time that is not set. */
const MAX_SPAN = 365_000n * DAY;

function writtenTimer(user: boolean): CleanerTimer | undefined {
  const directories = unitDirectories(user);
  const unit = directories.map((directory) => `${directory}/${UNIT}`).find((file) => existsSync(file));
  if (unit === undefined) return undefined;
  const text = [unit, ...dropIns(directories)]
    .map((file) => readBelow(undefined, bytes(file), LIMITS.settings) ?? "")
    .join("\n");
  const afterBoot = setting(text, "OnBootSec");
  const every = setting(text, "OnUnitActiveSec");
  if (afterBoot === undefined || every === undefined || every <= 0n) return undefined;
  return { first: bootTime() + afterBoot, every, from: unit };
}

function dropIns(directories: readonly string[]): string[] {
  return directories.flatMap((directory) => {
    const folder = `${directory}/${UNIT}.d`;
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith(".conf"))
      .map((name) => `${folder}/${name}`);
  });
}

/** The last value of a setting; an empty value resets the previous ones. */
function setting(text: string, name: string): Nanoseconds | undefined {
  const values = [...text.matchAll(new RegExp(`^\\s*${name}\\s*=[ \\t]*(.*)$`, "gm"))].map(
    ([, value]) => value,
  );
  const last = values.at(-1)?.trim();
  return last === undefined || last === "" ? undefined : parseTimeSpan(last as Bytes);
}

function bootTime(): Nanoseconds {
  const seconds = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1];
  return BigInt(seconds ?? 0) * SECOND;
}
