import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Bytes } from "../../base/bytes.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";

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

/**
 * The timer of systemd-tmpfiles-clean, by its unit files: the first run so long after boot, then once in so long. Undefined
 * where systemd does not run, or has no such timer.
 */
export function cleanerTimer(): CleanerTimer | undefined {
  if (!existsSync("/run/systemd/system")) return undefined;
  const unit = DIRECTORIES.map((directory) => `${directory}/${UNIT}`).find((file) => existsSync(file));
  if (unit === undefined) return undefined;
  const text = [unit, ...dropIns()].map((file) => readFileSync(file, "latin1")).join("\n");
  const afterBoot = setting(text, "OnBootSec");
  const every = setting(text, "OnUnitActiveSec");
  if (afterBoot === undefined || every === undefined || every <= 0n) return undefined;
  return { first: bootTime() + afterBoot, every, from: unit };
}

/** The first run at or after a moment. */
export function nextRun({ first, every }: CleanerTimer, after: Nanoseconds): Nanoseconds {
  if (after <= first) return first;
  return first + ((after - first + every - 1n) / every) * every;
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
