/** The edits that the editor offers for a finding. */
import type { LspProblem } from "./diagnose.js";

export interface QuickFix {
  readonly title: string;
  readonly line: number;
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly preferred: boolean;
}

const ASSIGNMENT =
  /^(\s*(?:(?:export|local|readonly)\s+)*[A-Za-z_]\w*=)(["']?)\/(?:var\/)?tmp\/[\w.${}-]*\2\s*$/;
const NAME = /([A-Za-z_]\w*)=/;

export function quickFixes(problem: LspProblem, text: string, path: string): QuickFix[] {
  const lines = text.split("\n");
  const isAudit = /^[A-Z]+\d{3}$/.test(problem.code);
  return isAudit ? [...madeByMktemp(problem, lines, path), suppressed(problem, lines, path)] : [];
}

/** `X=/tmp/name.$$` becomes `X=$(mktemp)`, if the script only writes to it as a file. */
function madeByMktemp({ code, line }: LspProblem, lines: readonly string[], path: string): QuickFix[] {
  const isShell = /\.(?:ba|da|k)?sh$/.test(path) || /^#!.*\b(?:ba|da|k)?sh\b/.test(lines[0] ?? "");
  if (!isShell || code !== "TMP001") return [];
  const used = lines[line] ?? "";
  for (let at = line; at >= 0; at--) {
    const match = ASSIGNMENT.exec(lines[at] ?? "");
    const name = NAME.exec(match?.[1] ?? "")?.[1];
    if (match === null || name === undefined || !new RegExp(`\\$\\{?${name}\\b`).test(used)) continue;
    const [whole, before = ""] = match;
    const fix = { line: at, from: before.length, to: whole.length, text: "$(mktemp)" };
    return [{ title: "Create the file with mktemp", ...fix, preferred: true }];
  }
  return [];
}

function suppressed({ code, line }: LspProblem, lines: readonly string[], path: string): QuickFix {
  const indent = /^\s*/.exec(lines[line] ?? "")?.[0] ?? "";
  const mark = /\.(?:[cm]?[jt]sx?|go|c|h|cc|cpp|cxx|hh|hpp|php)$/.test(path) ? "//" : "#";
  const text = `${indent}${mark} mayfly-ok ${code}: TODO give the reason\n`;
  return { title: `Suppress ${code} here`, line, from: 0, to: 0, text, preferred: false };
}
