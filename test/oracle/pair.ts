/** The two programs of a comparison, or the reason why there is none. */
import { after } from "node:test";
import { reference } from "../reference.js";
import { type Instrument, instrument } from "./instrument.js";
import { nothing, type Program, realProgram } from "./program.js";
import { ourProgram, type Settings } from "./subject.js";

export interface Pair {
  /** For a test's options: why it is skipped. */
  readonly skip: string | false;
  readonly real: Program;
  readonly ours: Program;
}

/** Call it once in a test file. Its processes end with the tests of the file. */
export function openPair(): Pair {
  return openPairs({ "": {} })[""] as Pair;
}

/** The same with our own in several settings. */
export function openPairs(ways: Readonly<Record<string, Settings>>): Record<string, Pair> {
  const tools: Instrument | { readonly missing: string } = instrument(reference());
  if ("missing" in tools) {
    const none = { skip: tools.missing, real: nothing, ours: nothing };
    return Object.fromEntries(Object.keys(ways).map((way) => [way, none]));
  }
  const real = realProgram(tools);
  const pairs = Object.entries(ways).map(([way, settings]): [string, Pair] => [
    way,
    { skip: false, real, ours: ourProgram(tools, settings) },
  ]);
  after(() => {
    for (const [, { ours }] of pairs) ours.close?.();
    tools.remove();
  });
  return Object.fromEntries(pairs);
}
