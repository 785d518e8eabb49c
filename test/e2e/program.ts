/** Starts programs as users do, and returns the result. */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { MARK, makeScratch, removeScratch } from "../scratch.js";

export { has } from "../requirements.js";
export const ROOT = resolve(import.meta.dirname, "../../..");
export const MAYFLY = join(ROOT, "bin/mayfly.js");
export const isRoot = process.getuid?.() === 0;

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Settings {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly cwd?: string;
}

/** What clean notes for its next run stays out of the host's own cache. */
const CACHE = makeScratch();
process.once("exit", () => removeScratch(CACHE));

/** A plain environment, so that the tester's own settings decide nothing. */
const PLAIN = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  LANG: "C.UTF-8",
  TZ: "UTC",
  CACHE_DIRECTORY: CACHE,
  [MARK]: process.env[MARK],
};

const MOST_MILLISECONDS = 120_000;

export function start(command: string, args: readonly string[], settings: Settings = {}): Result {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "latin1",
    input: settings.input ?? "",
    maxBuffer: 1 << 28,
    // What waits for ever fails its test.
    timeout: MOST_MILLISECONDS,
    killSignal: "SIGKILL",
    ...(settings.cwd === undefined ? {} : { cwd: settings.cwd }),
    env: { ...PLAIN, ...settings.env },
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

export function mayfly(args: readonly string[], settings: Settings = {}): Result {
  return start(process.execPath, [MAYFLY, ...args], settings);
}

/** The same on a terminal of its own, by script(1) of util-linux: both streams come as one, with \r\n. */
export function mayflyOnTerminal(args: readonly string[], settings: Settings = {}): Result {
  const quoted = [process.execPath, MAYFLY, ...args].map((arg) => `'${arg.replace(/'/g, "'\\''")}'`);
  const env = { TERM: "xterm-256color", ...settings.env };
  return start("script", ["-qec", quoted.join(" "), "/dev/null"], { ...settings, env });
}

/** A directory of the test's own, away from /tmp: no line of the host's configuration is about it. */
export class Scratch implements Disposable {
  readonly path = makeScratch();

  [Symbol.dispose](): void {
    removeScratch(this.path);
  }
}
