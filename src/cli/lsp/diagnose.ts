/** What the editor shows for a file: findings of check for tmpfiles.d, of the auditor for everything else. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type AuditFinding, audit, ruleOf } from "../../audit/index.js";
import { type Bytes, bytes, toText } from "../../base/bytes.js";
import { checkSync } from "../../tmpfiles/index.js";

export interface LspProblem {
  /** Both from 0; columns are UTF-16 units. */
  readonly line: number;
  readonly from: number;
  readonly to: number;
  readonly severity: "error" | "warning" | "note";
  readonly code: string;
  readonly message: string;
  /** What hovering shows. */
  readonly explanation: string;
  /** The edit that fixes it safely, if there is one. */
  readonly edit?: LspEdit;
}

/** An edit within a line: the same units as a problem's. */
export interface LspEdit extends Pick<LspProblem, "line" | "from" | "to"> {
  readonly text: string;
}

function isTmpfilesConfiguration(path: string): boolean {
  return /(^|\/)tmpfiles\.d\/[^/]+\.conf$/.test(path);
}

/** The editor's text need not be saved: it is written to a directory that only this user can read. */
export async function diagnose(path: string, text: string): Promise<LspProblem[]> {
  const directory = mkdtempSync(join(tmpdir(), "mayfly-lsp-"));
  try {
    const copy = join(directory, basename(path));
    writeFileSync(copy, text, { mode: 0o600 });
    return isTmpfilesConfiguration(path) ? checked(bytes(copy), text) : await audited(bytes(copy), text);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function checked(file: Bytes, text: string): LspProblem[] {
  const lines = text.split("\n");
  return checkSync({ args: [file] })
    .filter((each) => each.file === file)
    .map(({ line, column, severity, code, message, title, why, fix }) => ({
      ...range(lines, line, column),
      severity: severity === "error" ? "error" : severity === "warning" ? "warning" : "note",
      code,
      message,
      explanation: [title, why, fix].filter((part) => part !== undefined && part !== "").join("\n\n"),
    }));
}

async function audited(file: Bytes, text: string): Promise<LspProblem[]> {
  const lines = text.split("\n");
  const { findings } = await audit({ paths: [file], tests: true, jobs: 1 });
  return findings
    .filter(({ suppressed }) => suppressed === undefined)
    .map(({ line, column, severity, rule, message, edit }) => {
      const { title, risk, fix } = ruleOf(rule);
      const explanation = `**${rule}**: ${title}.\n\n${risk}\n\n${fix}`;
      return {
        ...range(lines, line, column),
        severity,
        code: rule,
        message: toText(message as Bytes),
        explanation,
        ...(edit === undefined ? {} : { edit: editIn(text, edit) }),
      };
    });
}

/** The auditor counts bytes from the start of the file. */
function editIn(text: string, { start, end, text: by }: NonNullable<AuditFinding["edit"]>): LspEdit {
  const content = Buffer.from(text);
  const before = content.subarray(0, start).toString().split("\n");
  const from = before.at(-1)?.length ?? 0;
  const to = from + content.subarray(start, end).toString().length;
  return { line: before.length - 1, from, to, text: toText(by as Bytes) };
}

/** From the column to the end of the line. */
function range(
  lines: readonly string[],
  line: number,
  column: number,
): Pick<LspProblem, "line" | "from" | "to"> {
  const text = lines[Math.max(line, 1) - 1] ?? "";
  const before = Buffer.from(text).subarray(0, Math.max(column, 1) - 1);
  return { line: Math.max(line, 1) - 1, from: before.toString().length, to: text.trimEnd().length };
}
