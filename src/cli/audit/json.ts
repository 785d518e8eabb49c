/** Prints an audit as JSON lines. */
import { type AuditFinding, ruleOf } from "../../audit/index.js";
import { line as jsonLine, pathJson } from "../verbs/json.js";
import { type AuditResult, countOf } from "./result.js";

export function auditJson(result: AuditResult): string {
  const { findings, suppressed, skipped, inBaseline, files, bytes, exitStatus } = result;
  const objects = [
    ...[...findings, ...suppressed].map(findingObject),
    ...skipped.map(({ file, ...rest }) => ({ type: "skipped", ...pathJson("file", file), ...rest })),
    {
      type: "summary",
      errors: countOf(findings, "error"),
      warnings: countOf(findings, "warning"),
      notes: countOf(findings, "note"),
      suppressed: suppressed.length,
      inBaseline,
      files,
      bytes,
      skipped: skipped.length,
      exitStatus,
    },
  ];
  return objects.map((each) => `${jsonLine(each)}\n`).join("");
}

function findingObject(finding: AuditFinding): object {
  const { file, text, steps, edit: _, ...rest } = finding;
  const { title, cwe, fix } = ruleOf(finding.rule);
  return {
    type: "finding",
    ...pathJson("file", file),
    ...pathJson("text", text),
    ...rest,
    title,
    cwe,
    fix,
    steps: steps.map(({ file: of, ...step }) => ({ ...pathJson("file", of), ...step })),
  };
}
