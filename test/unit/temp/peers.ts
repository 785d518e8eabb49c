/** Temporary directories of popular packages, in a process that lives as long as it is needed. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { endWithTest, firstOutput } from "../../children.js";

const here = pathToFileURL(resolve(import.meta.dirname, "../../../../package.json")).href;

const MAKE = `
  import { mkdtempSync } from "node:fs";
  import { createRequire } from "node:module";
  const require = createRequire(${JSON.stringify(here)});
  const tempy = await import(require.resolve("tempy"));
  console.log(JSON.stringify({
    tmp: require("tmp").dirSync().name,
    tempy: tempy.temporaryDirectory(),
    temp: require("temp").mkdirSync(),
    "node:fs": mkdtempSync(process.env.TMPDIR + "/x-"),
  }));
  process.stdin.resume();`;

export interface Peers {
  /** The directory of each package, by its name. */
  readonly directories: Readonly<Record<string, string>>;
  end(): void;
}

/** tempy reads TMPDIR when it is loaded, so all of them get a process that starts with it. */
export async function peersIn(dir: string): Promise<Peers> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", MAKE], {
    env: { ...process.env, TMPDIR: dir },
    stdio: ["pipe", "pipe", "inherit"],
  });
  endWithTest(child);
  const line = await firstOutput(child);
  return { directories: JSON.parse(line), end: () => child.stdin.end() };
}
