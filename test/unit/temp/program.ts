import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The built library, as a program imports it. */
export const library = pathToFileURL(join(import.meta.dirname, "../../../../dist/index.js")).href;

/** The source of a program that has the whole library in `mayfly`, node:fs in `fs` and `data` at hand. */
export function source(body: string, data: unknown = null): string {
  return `import * as mayfly from ${JSON.stringify(library)};
    import fs from "node:fs";
    import { Worker } from "node:worker_threads";
    import { spawn } from "node:child_process";
    const data = ${JSON.stringify(data)};
    ${body}`;
}

/** Arguments for `spawn(process.execPath, …)`. */
export const program = (body: string, data: unknown = null): string[] => [
  "--input-type=module",
  "--eval",
  source(body, data),
];

/** Runs such a program to its end. */
export function runProgram(body: string, data: unknown = null): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, program(body, data), {
    encoding: "utf8",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
}
