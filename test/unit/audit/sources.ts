/** Audits pieces of source code, for the tests of the languages. */

import type { AuditFinding } from "#src/audit/finding.js";
import { Grammars } from "#src/audit/grammars.js";
import { analyzeSource, grammarsFor } from "#src/audit/source/analyze.js";
import { type Bytes, bytes } from "#src/base/bytes.js";

const grammars = new Grammars();
const NO_CONSTANTS = new Map();

export async function findingsOf(language: string, text: string): Promise<readonly AuditFinding[]> {
  await grammars.load(grammarsFor(language));
  const source = { file: "x" as Bytes, language, text: bytes(text), constants: NO_CONSTANTS };
  const found = analyzeSource(source, grammars);
  if (typeof found === "string") throw new Error(found);
  return found;
}

/** `LINE RULE` for each finding. */
export async function rulesIn(language: string, text: string): Promise<string[]> {
  return (await findingsOf(language, text)).map(({ line, rule }) => `${line} ${rule}`);
}
