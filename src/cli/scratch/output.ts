/** What mayfly scratch prints. */
import type { Presence, Run, RunResult, WorkerResult } from "../../scratch/index.js";
import { size } from "../format.js";

export function resultText({ entries, removed, bytes, failed, dropped, kept, workers }: RunResult): string {
  const reasons = Object.entries(kept)
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `  kept ${code}: ${count}\n`);
  const shares = Object.entries(workers).map(([name, count]) => `  worker ${name}: ${count} entries\n`);
  const problems = [
    failed > 0 ? `  failed: ${failed}\n` : "",
    dropped > 0 ? `  units dropped because their directory was moved, removed or locked: ${dropped}\n` : "",
  ];
  return [
    `examined ${entries} entries, removed ${removed} (${size(bytes)})\n`,
    ...reasons,
    ...problems,
    ...shares,
  ].join("");
}

export function workerText({ units, entries, removed }: WorkerResult): string {
  return `worked on ${units} units, examined ${entries} entries, removed ${removed}\n`;
}

export function statusText(run: Run, units: number, workers: readonly Presence[]): string {
  const why = run.why === "" ? "" : `: ${run.why}`;
  return [
    `${run.state}${why}\n`,
    `root: ${run.root}\n`,
    `units left: ${units}\n`,
    ...workers.map(
      ({ worker, units, entries, removed }) =>
        `worker ${worker}: ${units} units, ${entries} entries, ${removed} removed\n`,
    ),
  ].join("");
}
