/** Formats the findings of check: as text with a caret below the faulty word, or as JSON. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import type { Finding } from "../../tmpfiles/index.js";
import type { Colorize, Style } from "../colors.js";
import { counted } from "../format.js";
import { line as jsonLine, sourceJson } from "../verbs/json.js";
import { wrap } from "../wrap.js";

export interface Sums {
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
}

export function findingJson({ file, line, text, in262: _, ...rest }: Finding): string {
  const source = sourceJson({ file, line, text: text ?? ("" as Bytes) });
  return `${jsonLine({ type: "finding", ...rest, source })}\n`;
}

export function summaryJson(sums: Sums, exitStatus: number): string {
  return `${jsonLine({ type: "summary", ...sums, exitStatus })}\n`;
}

export function summaryText({ errors, warnings, infos }: Sums): string {
  const parts = [
    ...(errors > 0 ? [counted(errors, "error")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
    ...(infos > 0 ? [counted(infos, "note")] : []),
  ];
  return parts.length === 0 ? "No problems found.\n" : `${parts.join(", ")}.\n`;
}

const STYLES: Readonly<Record<string, Style>> = {
  error: "red",
  warning: "yellow",
  info: "cyan",
  debug: "dim",
};

export interface FindingFormat {
  readonly quiet: boolean;
  readonly colorize: Colorize;
  readonly width: number;
}

/** `FILE:LINE:COLUMN: warning: MESSAGE [CODE]`, the line with a caret, the reason, and what to write instead. */
export function findingText(finding: Finding, { quiet, colorize, width }: FindingFormat): string {
  const { severity, message, code, title, why, fix } = finding;
  const style = STYLES[severity] ?? "bold";
  const head = `${colorize("bold", place(finding))}: ${colorize(style, severity)}: ${message} ${colorize("dim", `[${code}]`)}\n`;
  if (quiet) return head;
  const texts = [`${title}. ${why}`, fix].filter((text) => text.trim() !== ".");
  const explained = texts.map((text) => indented(wrap(text, width - INDENT.length)));
  return [
    head,
    ...excerpt(finding, width - INDENT.length).map((text) => colorCaret(text, colorize, style)),
    ...explained,
  ].join("");
}

const INDENT = "    ";

function indented(text: string): string {
  return `${INDENT}${text.replaceAll("\n", `\n${INDENT}`)}\n`;
}

function colorCaret(text: string, colorize: Colorize, style: Style): string {
  return indented(/^ *\^~*$/.test(text) ? colorize(style, text) : text);
}

const ELLIPSIS = "...";

/** The line, and below it a caret under the faulty word. A long line is cut to the part around that word. */
function excerpt({ text, column }: Finding, width: number): string[] {
  if (text === undefined || text === "" || column === 0) return [];
  const at = column - 1;
  const word = /^\S*/.exec(text.slice(at))?.[0].length ?? 0;
  let before = escapeForDisplay(text.slice(0, at) as Bytes);
  let marked = escapeForDisplay(text.slice(at, at + word) as Bytes);
  let after = escapeForDisplay(text.slice(at + word) as Bytes);
  if (before.length > width / 2)
    before = `${ELLIPSIS}${before.slice(-Math.floor(width / 2) + ELLIPSIS.length)}`;
  const available = Math.max(width - before.length, 10);
  if (marked.length > available)
    [marked, after] = [`${marked.slice(0, available - ELLIPSIS.length)}${ELLIPSIS}`, ""];
  else if (marked.length + after.length > available)
    after = `${after.slice(0, Math.max(available - marked.length - ELLIPSIS.length, 0))}${ELLIPSIS}`;
  const caret = `${" ".repeat(columns(before))}^${"~".repeat(Math.max(columns(marked) - 1, 0))}`;
  return [`${before}${marked}${after}`, caret];
}

/** The width on a terminal: wide characters have two columns, combining characters none. */
function columns(text: string): number {
  let sum = 0;
  for (const character of text) sum += /\p{Mn}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return sum;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** FILE:LINE:COLUMN, as far as known; a finding about a whole file has no line. */
function place({ file, line: number, column }: Finding): string {
  const numbers = number === 0 ? "" : column === 0 ? `:${number}` : `:${number}:${column}`;
  return `${escapeForDisplay(file)}${numbers}`;
}
