/** Prints an audit as workflow commands of GitHub Actions, which shows them as annotations. */
import { type AuditFinding, ruleOf } from "../../audit/index.js";
import { toText } from "../../base/bytes.js";
import type { AuditResult } from "./result.js";

const COMMANDS: Readonly<Record<string, string>> = { error: "error", warning: "warning", note: "notice" };

export function githubText({ findings }: AuditResult): string {
  return findings.map(annotation).join("");
}

function annotation(finding: AuditFinding): string {
  const { rule, severity, file, line, column, endLine, message } = finding;
  const { title, fix } = ruleOf(rule);
  const properties = {
    file: toText(file),
    line,
    endLine,
    col: column,
    title: `${rule}: ${title}`,
  };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${property(String(value))}`);
  return `::${COMMANDS[severity]} ${list.join(",")}::${data(`${message}. ${fix}`)}\n`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
