/** Runs test files with node:test, each with a time limit, ends all of their processes, and removes what they leave. */
import { randomBytes } from "node:crypto";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec, tap } from "node:test/reporters";
import { NOT_COMPARED } from "../reference.js";
import { MARK, removeLeftovers } from "../scratch.js";
import { descendants, endAllOf, kill } from "./processes.js";

export interface TestRun {
  readonly files: readonly string[];
  /** The number of files that run concurrently. */
  readonly concurrency: number;
  /** A file that runs longer is killed, and has failed. */
  readonly limitSeconds: number;
  readonly namePattern?: string | undefined;
}

export interface Outcome {
  readonly failed: boolean;
  /** How many comparisons with systemd-tmpfiles were skipped, by reason. */
  readonly notCompared: Readonly<Record<string, number>>;
  /** The processes that tests left running and the runner ended. */
  readonly leftRunning: readonly string[];
  /** The files that tests left in shared directories and the runner removed. */
  readonly leftBehind: readonly string[];
}

export async function runTests(options: TestRun): Promise<Outcome> {
  const mark = randomBytes(4).toString("hex");
  process.env[MARK] = mark;
  const stop = endOnSignal(mark);
  const watchdog = watchFiles(options.limitSeconds);
  let failed = false;
  const notCompared: Record<string, number> = {};
  const count = (message: unknown): void => {
    if (typeof message !== "string" || !message.startsWith(NOT_COMPARED)) return;
    const reason = message.slice(NOT_COMPARED.length).replace(/^: /, "");
    notCompared[reason] = (notCompared[reason] ?? 0) + 1;
  };
  const events = run({
    files: [...options.files],
    concurrency: options.concurrency,
    signal: stop,
    ...(options.namePattern === undefined ? {} : { testNamePatterns: options.namePattern }),
  });
  events.on("test:fail", ({ todo }) => {
    failed ||= todo === undefined || todo === false;
  });
  events.on("test:pass", ({ skip }) => count(skip));
  events.on("test:diagnostic", ({ message }) => count(message));
  const report = process.stdout.isTTY ? events.compose(new spec()) : events.compose(tap);
  report.pipe(process.stdout, { end: false });
  await finished(report);
  clearInterval(watchdog);
  const leftRunning = (await endAllOf(mark)).map(({ pid, command }) => `${command} (pid ${pid})`);
  return { failed, notCompared, leftRunning, leftBehind: removeLeftovers(mark) };
}

/** Kills a test file, which is a child of this process, with all that it started once its time is up. */
function watchFiles(limitSeconds: number): NodeJS.Timeout {
  const since = new Map<number, number>();
  return setInterval(() => {
    const below = descendants(process.pid);
    for (const { pid, command } of below.filter(({ parent }) => parent === process.pid)) {
      const started = since.get(pid) ?? Date.now();
      since.set(pid, started);
      if (Date.now() - started < limitSeconds * 1000) continue;
      process.stderr.write(`\nKilled after ${limitSeconds} s: ${command}\n`);
      for (const each of [...descendants(pid).map((child) => child.pid), pid]) kill(each);
    }
  }, 1000).unref();
}

/** Ends and tidies the run, and then this process by the signal that asks for it; the run starts no more files. */
function endOnSignal(mark: string): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, async () => {
      stop.abort();
      await endAllOf(mark);
      removeLeftovers(mark);
      process.kill(process.pid, signal);
    });
  return stop.signal;
}
