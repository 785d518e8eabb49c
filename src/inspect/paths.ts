/** Paths as callers give them: one or several, as text or bytes, relative to the working directory. */
import { readlinkSync } from "node:fs";
import { either, listOf, OBJECT, PATH, requireArgument } from "../base/arguments.js";
import { type Bytes, bytes, fromBuffer, isAbsolute, join, normalize, type PathInput } from "../base/bytes.js";

const PATHS = either(PATH, listOf(PATH));

/** @throws TypeError if an argument is not what `caller` expects. */
export function absolutePaths(
  caller: string,
  paths: PathInput | readonly PathInput[],
  options: object,
): Bytes[] {
  requireArgument(caller, "paths", paths, PATHS);
  requireArgument(caller, "options", options, OBJECT);
  const list = typeof paths === "string" || paths instanceof Uint8Array ? [paths] : paths;
  return list.map(absolute);
}

function absolute(path: PathInput): Bytes {
  const given = typeof path === "string" ? bytes(path) : fromBuffer(path);
  if (isAbsolute(given)) return normalize(given);
  return normalize(join(fromBuffer(readlinkSync("/proc/self/cwd", { encoding: "buffer" })), given));
}
