/** Prints an audit as SARIF 2.1.0 (Static Analysis Results Interchange Format, OASIS). */
import type { CodeFlow, Location, Log, ReportingDescriptor, Result } from "sarif";
import { AUDIT_RULES, type AuditFinding, type AuditRule, type PathStep } from "../../audit/index.js";
import { type Bytes, toBuffer } from "../../base/bytes.js";
import { version } from "../version.js";
import type { AuditResult } from "./result.js";

const HOME = "https://github.com/mayfly-tmp/mayfly";

export function sarifText({ findings, suppressed }: AuditResult): string {
  const log: Log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "mayfly audit",
            version: version(),
            informationUri: HOME,
            rules: AUDIT_RULES.map(descriptor),
          },
        },
        columnKind: "utf16CodeUnits",
        results: [...findings, ...suppressed].map(resultObject),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function descriptor({
  id,
  name,
  title,
  risk,
  fix,
  cwe,
  severity,
  securitySeverity,
}: AuditRule): ReportingDescriptor {
  return {
    id,
    name,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: `${title}. ${risk}` },
    help: { text: `${risk} ${fix}` },
    helpUri: `${HOME}/blob/main/docs/audit/${id}.md`,
    defaultConfiguration: { level: severity },
    properties: {
      tags: ["security", ...cwe.map((number) => `external/cwe/cwe-${String(number).padStart(3, "0")}`)],
      "security-severity": securitySeverity,
    },
  };
}

function resultObject(finding: AuditFinding): Result {
  const { rule, severity, message, fingerprint, steps, suppressed, unparsed } = finding;
  return {
    ruleId: rule,
    ruleIndex: AUDIT_RULES.findIndex(({ id }) => id === rule),
    level: severity,
    message: { text: message },
    locations: [location(finding)],
    partialFingerprints: { primaryLocationLineHash: fingerprint },
    ...(steps.length === 0 ? {} : { codeFlows: [codeFlow(steps)] }),
    ...(suppressed === undefined ? {} : { suppressions: [{ kind: "inSource", justification: suppressed }] }),
    ...(unparsed ? { properties: { unparsed } } : {}),
  };
}

function codeFlow(steps: readonly PathStep[]): CodeFlow {
  const locations = steps.map((step) => ({
    location: { ...location(step), message: { text: step.message } },
  }));
  return { threadFlows: [{ locations }] };
}

type Region = { readonly file: Bytes; readonly line: number; readonly column: number } & Partial<
  Pick<AuditFinding, "endLine" | "endColumn">
>;

function location({ file, line, column, endLine, endColumn }: Region): Location {
  const end = endLine === undefined || endColumn === undefined ? {} : { endLine, endColumn };
  return {
    physicalLocation: {
      artifactLocation: artifact(file),
      region: { startLine: line, startColumn: column, ...end },
    },
  };
}

/** A relative path is below the root of the sources, whatever that is. */
function artifact(file: Bytes): { uri: string; uriBaseId?: string } {
  const escaped = [...toBuffer(file)]
    .map((byte) => (/[\w./~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : percent(byte)))
    .join("");
  if (escaped.startsWith("/")) return { uri: `file://${escaped}` };
  return { uri: escaped.replace(/^(\.\/)+/, ""), uriBaseId: "%SRCROOT%" };
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
