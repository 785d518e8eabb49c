import { type SpawnSyncOptions, type SpawnSyncReturns, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { markOfRun } from "../../scratch.js";

export { until } from "../../children.js";
export const isRoot = process.geteuid?.() === 0;
export const CLI = resolve(import.meta.dirname, "../../../../bin/mayfly.js");

/** Why nothing can be shown on this host; false where it can. */
export const refused: string | false = (() => {
  const probe = isRoot ? ["-m", "true"] : ["-U", "-m", "--map-current-user", "--keep-caps", "true"];
  const { status, stderr, error } = spawnSync("unshare", probe, { encoding: "utf8" });
  return status === 0 ? false : `this host refuses namespaces: ${error?.message ?? stderr.trim()}`;
})();

export const needsRoot: string | false = isRoot ? refused : "needs root";

/** The same for a test that mounts something on /tmp, and on the project if that is below /tmp. */
export const hidesTmp: string | false =
  needsRoot || (/^\/(var\/)?tmp\//.test(CLI) && "the project lies below /tmp, which this test hides");

/** Runs the command line to its end. A private /tmp gets a name of this test run, unless the arguments name one. */
export function mayfly(args: readonly string[], options: SpawnSyncOptions = {}): SpawnSyncReturns<string> {
  const isNamed = args.some((arg) => /^--(name|join)\b/.test(arg));
  const name = args[0] === "run" && !isNamed ? ["run", "--name", freshName()] : args.slice(0, 1);
  return spawnSync(process.execPath, [CLI, ...name, ...args.slice(1)], {
    timeout: 120_000,
    ...options,
    encoding: "utf8",
  });
}

/** A name that no other test uses, so that tests can run at once, and by which the runner finds what a killed one leaves. */
export function freshName(): string {
  return `test-${markOfRun()}-${randomBytes(6).toString("hex")}`;
}

/** The outer directories on the host of the private /tmp of that name. */
export function directoriesOf(name: string): string[] {
  return ["/tmp", "/var/tmp"].flatMap((target) =>
    readdirSync(target)
      .filter((leaf) => leaf.startsWith("mayfly-private-") && leaf.includes(`-${name}-`))
      .map((leaf) => `${target}/${leaf}`),
  );
}

/** The lines of the host's own mounts that have to do with that name. */
export function mountsOf(name: string): string[] {
  return readFileSync("/proc/self/mountinfo", "latin1")
    .split("\n")
    .filter((line) => line.includes(name));
}

/** The words that run a shell script privately, for the end of a command line. */
export function argumentsFor(text: string, ...options: string[]): string[] {
  return [CLI, "run", "--name", freshName(), ...options, "--", "sh", "-c", text];
}

export function spawnShell(text: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync("sh", ["-c", text, ...args], { encoding: "utf8", timeout: 120_000 });
}
