import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { endWithTest } from "../children.js";
import { MAYFLY, type Result } from "./program.js";

export interface Watcher extends Result {
  readonly pid: number | undefined;
}

/** `mayfly watch` with these arguments, while `during` runs; it is ended by SIGTERM, as a service manager would. */
export async function whileWatching(
  args: readonly string[],
  during: () => void | Promise<void>,
): Promise<Watcher> {
  const child: ChildProcess = endWithTest(
    spawn(process.execPath, [MAYFLY, "watch", ...args], { stdio: "pipe" }),
  );
  const reported = { stdout: "", stderr: "" };
  const ended = once(child, "close");
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding("latin1").on("data", (text: string) => {
      reported.stderr += text;
      if (/^Watching .*\n/m.test(reported.stderr)) resolve();
    });
    child.once("exit", () => reject(new Error(`it ended before it watched: ${reported.stderr}`)));
  });
  child.stdout?.setEncoding("latin1").on("data", (text: string) => {
    reported.stdout += text;
  });
  await ready;
  await during();
  child.kill("SIGTERM");
  const [status] = (await ended) as [number | null];
  assert.equal(status, 0, reported.stderr);
  return { status, ...reported, pid: child.pid };
}
