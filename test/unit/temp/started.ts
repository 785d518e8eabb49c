/** Starts a program that a test will end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { program } from "./program.js";

const LONGEST_MS = 60_000;

export interface Subject {
  readonly child: ChildProcess;
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
  stderr(): string;
}

/** Starts a program and waits until it has written something. It is killed with the test. */
export async function started(t: TestContext, body: string, dir: string): Promise<Subject> {
  const child = spawn(process.execPath, program(body, { dir }), { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const late = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const ended = once(child, "close") as Subject["ended"];
  void ended.then(() => clearTimeout(late));
  await Promise.race([once(child.stdout, "data"), ended]);
  return { child, ended, stderr: () => stderr };
}
