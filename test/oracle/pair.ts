/** The two programs of a comparison, or why there is none to make. */
import { after } from "node:test";
import { reference } from "../reference.js";
import { type Instrument, instrument } from "./instrument.js";
import { nothing, type Program, realProgram } from "./program.js";
import { ourProgram } from "./subject.js";

export interface Pair {
  /** For a test's options: why it is skipped. */
  readonly skip: string | false;
  readonly real: Program;
  readonly ours: Program;
}

/** To be called once in a test file; what it starts ends with the file's tests. */
export function openPair(): Pair {
  const tools: Instrument | { readonly missing: string } = instrument(reference());
  if ("missing" in tools) return { skip: `NOT COMPARED: ${tools.missing}`, real: nothing, ours: nothing };
  const ours = ourProgram(tools);
  after(() => {
    ours.close?.();
    tools.remove();
  });
  return { skip: false, real: realProgram(tools), ours };
}
