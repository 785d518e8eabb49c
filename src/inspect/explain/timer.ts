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
const DIRECTORIES = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map(
  (each) => `${each}/systemd/system`,
);
/** systemctl answers at once, or its manager does not. */
const PATIENCE_MS = 2_000;

/**
 * The timer of systemd-tmpfiles-clean: its next run by systemd's own word, where that can be had, otherwise by its unit
 * files, as so long after boot; then once in so long. Undefined where systemd does not run, or has no such timer.
 */
export function cleanerTimer(): CleanerTimer | undefined {
  if (!existsSync("/run/systemd/system")) return undefined;
  const written = writtenTimer();
  const next = askSystemd();
  if (next === undefined) return written;
  const every = written?.every ?? DAY;
  const then = written === undefined ? "a run a day is assumed" : `${written.from} has how often`;
  return { first: next, every, from: `systemctl show ${UNIT}; after that ${then}` };
}

/** The first run at or after a moment. */
export function nextRun({ first, every }: CleanerTimer, after: Nanoseconds): Nanoseconds {
  if (after <= first) return first;
  return first + ((after - first + every - 1n) / every) * every;
}

function askSystemd(): Nanoseconds | undefined {
  const properties = "--property=NextElapseUSecRealtime,NextElapseUSecMonotonic";
  const { status, stdout } = spawnSync("systemctl", ["show", "--timestamp=unix", properties, UNIT], {
    encoding: "latin1",
    env: { ...process.env, LC_ALL: "C" },
    timeout: PATIENCE_MS,
  });
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

function writtenTimer(): CleanerTimer | undefined {
  const unit = DIRECTORIES.map((directory) => `${directory}/${UNIT}`).find((file) => existsSync(file));
  if (unit === undefined) return undefined;
  const text = [unit, ...dropIns()]
    .map((file) => readBelow(undefined, bytes(file), LIMITS.settings) ?? "")
    .join("\n");
  const afterBoot = setting(text, "OnBootSec");
  const every = setting(text, "OnUnitActiveSec");
  if (afterBoot === undefined || every === undefined || every <= 0n) return undefined;
  return { first: bootTime() + afterBoot, every, from: unit };
}

function dropIns(): string[] {
  return DIRECTORIES.flatMap((directory) => {
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
