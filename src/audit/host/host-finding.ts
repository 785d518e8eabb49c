/** Findings about a host: their place is a file, a directory or a process instead of a line of code. */
import { createHash } from "node:crypto";
import type { Bytes } from "../../base/bytes.js";
import type { AuditFinding, AuditSeverity, PathStep } from "../finding.js";
import { ruleOf } from "../rules.js";

export interface HostFinding {
  readonly rule: string;
  readonly severity?: AuditSeverity;
  readonly file: Bytes;
  readonly line?: number;
  readonly column?: number;
  /** The line, or what is wrong with the file: its mode, its process. */
  readonly text: string;
  readonly message: string;
  readonly evidence?: readonly PathStep[];
}

export function placedInHost(found: HostFinding): AuditFinding {
  const { rule, severity, file, line = 1, column = 1, text, message, evidence = [] } = found;
  const print = createHash("sha256").update(`${rule}\0${file}\0${text}`, "latin1").digest("hex").slice(0, 16);
  return {
    rule,
    severity: severity ?? ruleOf(rule).severity,
    file,
    line,
    column,
    endLine: line,
    endColumn: column,
    message,
    text: text as Bytes,
    steps: evidence.length === 0 ? [] : [...evidence, { file, line, column, message }],
    fingerprint: `${print}:1`,
    unparsed: false,
  };
}
