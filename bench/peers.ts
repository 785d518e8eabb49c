import { execFileSync, spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { reference } from "../test/reference.js";
import type { Command } from "./measure.js";

export const project = resolve(import.meta.dirname, "../..");
const mayflyBinary = join(project, "bin/mayfly.js");

/** The drop-in and the real one, on one configuration. */
export function mayfly(...args: string[]): Command {
  return { name: "mayfly", argv: [process.execPath, mayflyBinary, ...args] };
}

export function dropIn(...args: string[]): Command {
  return mayfly("tmpfiles", ...args);
}

export function real(...args: string[]): Command {
  const found = reference();
  if (found.missing !== undefined) throw new Error(`nothing to compare with: ${found.missing}`);
  return { name: "systemd-tmpfiles 262", argv: [found.binary, ...args] };
}

/** The C baseline, compiled here where there is a compiler. */
export function baseline(scratch: string, path: string): Command | undefined {
  const binary = join(scratch, "baseline");
  const built = spawnSync("cc", ["-O2", "-o", binary, join(project, "bench/baseline.c")], {
    stdio: "ignore",
  });
  return built.status === 0 ? { name: "C baseline", argv: [binary, path] } : undefined;
}

const nodeScript = join(project, "scripts/node.sh");

/** The major versions of Node that Mayfly supports. */
export function nodeMajors(): readonly string[] {
  return execFileSync(nodeScript, { encoding: "utf8" }).trim().split("\n");
}

/** The path of a Node binary of this major version, fetched if necessary. */
export function nodeBinary(major: string): string {
  return execFileSync(nodeScript, [major], { encoding: "utf8" }).trim();
}
