/** What an audit prints, in each of its formats. */
import type { AuditFinding, SkippedFile } from "../../audit/index.js";

export interface AuditResult {
  /** Neither suppressed nor in the baseline. */
  readonly findings: readonly AuditFinding[];
  readonly suppressed: readonly AuditFinding[];
  readonly inBaseline: number;
  readonly skipped: readonly SkippedFile[];
  readonly files: number;
  readonly bytes: number;
  readonly exitStatus: number;
}

export function countOf(findings: readonly AuditFinding[], severity: string): number {
  return findings.filter((each) => each.severity === severity).length;
}
