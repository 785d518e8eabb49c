/** Makes findings of what the auditors of configuration find: positions, fingerprints and suppressions. */
import type { Bytes } from "../base/bytes.js";
import type { AuditFinding, AuditSeverity, PathStep } from "./finding.js";
import { ruleOf } from "./rules.js";
import { fingerprints } from "./source/fingerprints.js";
import { lineAt, lineIndex } from "./source/lines.js";
import { suppressionsIn } from "./source/suppressions.js";

/** A file whose characters are bytes. */
export interface TextFile {
  readonly file: Bytes;
  readonly text: string;
}

/** A finding by its offsets in a file. */
export interface FoundAt {
  readonly rule: string;
  readonly at: number;
  readonly end: number;
  readonly message: string;
  /** What shows that the finding is true; the finding's own place is not part of it. */
  readonly evidence?: readonly PathStep[];
  /** Unless it is the rule's own. */
  readonly severity?: AuditSeverity;
}

export function placeFindings({ file, text }: TextFile, found: readonly FoundAt[]): AuditFinding[] {
  const position = lineIndex(text);
  const print = fingerprints(text);
  const suppressed = suppressionsIn(text);
  return found.map(({ rule, at, end, message, evidence = [], severity }) => {
    const { line, column } = position(at);
    const last = position(end);
    const reason = suppressed(rule, line);
    return {
      rule,
      severity: severity ?? ruleOf(rule).severity,
      file,
      line,
      column,
      endLine: last.line,
      endColumn: last.column,
      message,
      text: lineAt(text, at) as Bytes,
      steps: evidence.length === 0 ? [] : [...evidence, { file, line, column, message }],
      fingerprint: print(rule, at),
      unparsed: false,
      ...(reason === undefined ? {} : { suppressed: reason }),
    };
  });
}
