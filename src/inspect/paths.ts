/** Converts the paths that callers pass (one or several, as text or bytes) to absolute paths. */
import { readlinkSync } from "node:fs";
import {
  type Expectations,
  either,
  listOf,
  PATH,
  requireArgument,
  requireOptions,
} from "../base/arguments.js";
import { type Bytes, bytes, fromBuffer, isAbsolute, join, normalize, type PathInput } from "../base/bytes.js";

const PATHS = either(PATH, listOf(PATH));

/** @throws TypeError if an argument is not what `caller` expects, or if an option is unknown. */
export function absolutePaths(
  caller: string,
  paths: PathInput | readonly PathInput[],
  options: object,
  known: Expectations,
): Bytes[] {
  requireArgument(caller, "paths", paths, PATHS);
  requireOptions(caller, options, known);
  const list = typeof paths === "string" || paths instanceof Uint8Array ? [paths] : paths;
  return list.map(absolute);
}

function absolute(path: PathInput): Bytes {
  const given = typeof path === "string" ? bytes(path) : fromBuffer(path);
  if (isAbsolute(given)) return normalize(given);
  return normalize(join(fromBuffer(readlinkSync("/proc/self/cwd", { encoding: "buffer" })), given));
}
