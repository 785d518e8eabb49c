/** When the host's cleaner runs, by systemd itself or its unit files. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type Bytes, bytes } from "../../base/bytes.js";
import { DAY, type Nanoseconds, SECOND } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";
import { systemClock } from "../../sys/clock.js";
import { LIMITS, readBelow } from "../../sys/read.js";

/** When the host's cleaner runs. */
export interface CleanerTimer {
  readonly first: Nanoseconds;
  readonly every: Nanoseconds;
  /** How that is known, in words. */
  readonly from: string;
}

const UNIT = "systemd-tmpfiles-clean.timer";
/** In the order of precedence: systemd.unit(5). */
function unitDirectories(user: boolean): string[] {
  const kind = user ? "user" : "system";
  const shared = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map(
    (each) => `${each}/systemd/${kind}`,
  );
  const { XDG_CONFIG_HOME: config, HOME: home } = process.env;
  const own = config?.startsWith("/") ? config : home?.startsWith("/") ? `${home}/.config` : undefined;
  return user && own !== undefined ? [`${own}/systemd/user`, ...shared] : shared;
}
/** systemctl answers at once, or its manager does not. */
const PATIENCE_MS = 2_000;

/**
 * The timer of systemd-tmpfiles-clean: its next run by systemd's own word, where that can be had, otherwise by its unit
 * files. Undefined if systemd does not run, or has no such timer. `user`: the timer of this user's own service manager.
 */
export function cleanerTimer(user = false): CleanerTimer | undefined {
  if (!existsSync("/run/systemd/system")) return undefined;
  const written = writtenTimer(user);
  const next = askSystemd(user);
  if (next === undefined) return written;
  const every = written?.every ?? DAY;
  const then = written === undefined ? "one run per day is assumed" : `as ${written.from} says`;
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
      timeout: PATIENCE_MS,
    },
  );
  return status === 0 ? nextElapse(stdout, systemClock.now(), process.hrtime.bigint()) : undefined;
}

/**
 * The sooner of the two that `systemctl show` prints: a moment (`@1700000000`), and a span on the monotonic clock. Without
 * `--timestamp=unix`, which systemd knows since 247, the moment is no number, and only the span is read.
 */
export function nextElapse(text: string, now: Nanoseconds, monotonic: Nanoseconds): Nanoseconds | undefined {
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
  const seconds = /^@(\d+)$/.exec(value("NextElapseUSecRealtime"))?.[1];
  const span = parseTimeSpan(value("NextElapseUSecMonotonic") as Bytes);
  const moments = [
    ...(seconds === undefined || seconds === "0" ? [] : [BigInt(seconds) * SECOND]),
    ...(span === undefined || span === 0n || span > MOST ? [] : [now - monotonic + span]),
  ];
  return moments.sort((a, b) => Number(a - b))[0];
}

/** systemd prints `infinity` for what is not set; nothing is set for in a thousand years. */
const MOST = 365_000n * DAY;

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

/** The last that is given; an empty one takes back those before. */
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
