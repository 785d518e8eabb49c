/** The edits that the editor offers for a finding. */
import type { LspEdit, LspProblem } from "./diagnose.js";

export interface QuickFix extends LspEdit {
  readonly title: string;
  readonly preferred: boolean;
}

export function quickFixes(problem: LspProblem, text: string, path: string): QuickFix[] {
  const lines = text.split("\n");
  const isAudit = /^[A-Z]+\d{3}$/.test(problem.code);
  return isAudit ? [...fixed(problem), suppressed(problem, lines, path)] : [];
}

/** What `mayfly audit --fix` would do. */
function fixed({ edit }: LspProblem): QuickFix[] {
  if (edit === undefined) return [];
  const what = /mktemp -d|mkdtemp/.test(edit.text) ? "directory" : "file";
  const [how = "mktemp"] = /mk[sd]?temp/.exec(edit.text) ?? [];
  return [{ ...edit, title: `Create the ${what} with ${how}`, preferred: true }];
}

function suppressed({ code, line }: LspProblem, lines: readonly string[], path: string): QuickFix {
  const indent = /^\s*/.exec(lines[line] ?? "")?.[0] ?? "";
  const mark = /\.(?:[cm]?[jt]sx?|go|c|h|cc|cpp|cxx|hh|hpp|php)$/.test(path) ? "//" : "#";
  const text = `${indent}${mark} mayfly-ok ${code}: TODO give the reason\n`;
  return { title: `Suppress ${code} here`, line, from: 0, to: 0, text, preferred: false };
}
