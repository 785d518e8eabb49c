import { isAbsolute, isBytes } from "../base/bytes.js";
import type { LoadOptions } from "./config/items.js";
import type { RunOptions } from "./run.js";

const OPERATIONS: readonly string[] = ["create", "remove", "clean", "purge"];

/** @throws TypeError where the options are none that a run could go by: a mistake of the program, not of a line. */
export function requireRunOptions(options: RunOptions): void {
  requireLoadOptions(options);
  const { operations, args = [], replace, jobs, index } = options;
  const unknown = list("operations", operations).find((operation) => !OPERATIONS.includes(operation));
  require(operations.length > 0 && unknown === undefined, `operations: some of ${OPERATIONS.join(", ")}`);
  const named = args.length > 0;
  require(named || !operations.includes("purge"), "args: --purge needs to be told what to purge");
  require(replace === undefined || named, "args: with replace, the configuration that takes that place");
  require(jobs === undefined || (Number.isInteger(jobs) && jobs > 0), "jobs: a whole number above 0");
  requireBytes("index", index);
}

export function requireLoadOptions(options: LoadOptions): void {
  const { root, replace, args, prefixes, excludePrefixes } = options;
  for (const [name, values] of Object.entries({ args, prefixes, excludePrefixes })) {
    for (const value of list(name, values ?? [])) requireBytes(name, value);
  }
  for (const [name, path] of Object.entries({ root, replace })) {
    requireBytes(name, path);
    require(path === undefined || isAbsolute(path), `${name}: an absolute path`);
  }
}

function list<Value>(name: string, values: readonly Value[]): readonly Value[] {
  require(Array.isArray(values), `${name}: an array`);
  return values;
}

function requireBytes(name: string, value: unknown): void {
  require(value === undefined || isBytes(value), `${name}: Bytes, as bytes("...") makes them of a text`);
}

function require(holds: boolean, expected: string): void {
  if (!holds) throw new TypeError(expected);
}
