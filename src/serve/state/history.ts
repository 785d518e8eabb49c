/** What past runs removed, in the state directory: one line for each of the last runs that cleaned. */
import { type Bytes, bytes } from "../../base/bytes.js";
import type { Nanoseconds } from "../../base/time.js";
import { LIMITS, readBelow } from "../../sys/read.js";
import type { RunRecord } from "../run-record.js";
import type { StateDirectory } from "./state-directory.js";

const NAME = "runs";
const MOST_RUNS = 400;

export interface PastRun {
  readonly run: Nanoseconds;
  readonly entries: number;
  readonly bytes: number;
}

/** Appends a run. */
export function saveRun(state: StateDirectory, { start, lines, operations }: RunRecord): void {
  if (!operations.includes("clean")) return;
  const sum = (key: "entries" | "bytes"): number =>
    lines.reduce((total, { removed }) => total + removed[key], 0);
  const own = JSON.stringify({ run: start, entries: sum("entries"), bytes: sum("bytes") });
  const before = (state.read(NAME) ?? "").split("\n").filter((line) => line !== "");
  state.write(
    NAME,
    [...before, own]
      .slice(-MOST_RUNS)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

/** The runs in the text of the file, the oldest first. */
function parseRuns(text: string): PastRun[] {
  return text.split("\n").flatMap((line) => {
    try {
      const { run, entries, bytes: size } = JSON.parse(line) as Record<string, unknown>;
      const time = typeof run === "string" ? Date.parse(run) : Number.NaN;
      if (Number.isNaN(time) || typeof entries !== "number" || typeof size !== "number") return [];
      return [{ run: BigInt(time) * 1_000_000n, entries, bytes: size }];
    } catch {
      return [];
    }
  });
}

export function savedRuns(state: StateDirectory): PastRun[] {
  return parseRuns(state.read(NAME) ?? "");
}

/** The runs of the service that keeps its state there; none if there is no such service. */
export function runsIn(directory: Bytes): PastRun[] {
  try {
    return parseRuns(readBelow(undefined, bytes(`${directory}/${NAME}`), LIMITS.settings) ?? "");
  } catch {
    return [];
  }
}
