/** Draws `mayfly top` for a terminal of a given size. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { shellQuoted } from "../../base/shell-quote.js";
import { DAY, localTime } from "../../base/time.js";
import type { Node } from "../../report/index.js";
import type { Colorize } from "../colors.js";
import { counted, number, size } from "../format.js";
import { control } from "../terminal.js";
import { sourceText } from "../verbs/reasons.js";
import type { TopModel } from "./model.js";

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const KEYS = "↑↓ move  Enter open  ← back  s size  i entries  a age  o owner  d days left  q quit";
/** Lines above and below the list. */
const HEAD = 2;
const FOOT = 5;

/** Enters the alternate screen, where lines that are too long are cut off, and hides the cursor. */
export const enterScreen = (): string => control("\x1b[?1049h\x1b[?7l\x1b[?25l");
export const leaveScreen = (): string => control("\x1b[?25h\x1b[?7h\x1b[?1049l");

/** The whole screen, as one text. */
export function screenText(model: TopModel, colorize: Colorize, { columns, rows }: ScreenSize): string {
  const lines = [...headLines(model, colorize), ...listLines(model, colorize, rows - HEAD - FOOT)];
  while (lines.length < rows - FOOT) lines.push("");
  lines.push(...footLines(model, colorize, columns));
  return lines
    .slice(0, rows)
    .map((line, index) => `${control(`\x1b[${index + 1};1H`)}${line}${control("\x1b[K")}`)
    .join("");
}

function headLines({ directory, order }: TopModel, colorize: Colorize): string[] {
  const { total } = directory.node.sums;
  const path = directory.path === "" ? "all paths" : escapeForDisplay(directory.path);
  return [
    colorize(
      "bold",
      `${path}  ${size(total.bytes)} in ${counted(total.entries, "entry", "entries")}, by ${order}`,
    ),
    colorize("dim", "   BYTES  ENTRIES  OWNER     GOES          NAME"),
  ];
}

function listLines(model: TopModel, colorize: Colorize, height: number): string[] {
  const { entries, directory } = model;
  const from = Math.max(0, Math.min(directory.selected - (height >> 1), entries.length - height));
  return entries.slice(from, from + height).map((node, index) => {
    const isSelected = from + index === directory.selected;
    const row = rowText(node, model);
    return isSelected ? `${control("\x1b[7m")}${row}${control("\x1b[27m")}` : colorFor(node, row, colorize);
  });
}

function rowText(node: Node, model: TopModel): string {
  const { total } = node.sums;
  const owner = model.ownerOf(node).slice(0, 8).padEnd(8);
  const name = `${escapeForDisplay(node.name)}${node.kind === "directory" ? "/" : ""}`;
  const cells = [size(total.bytes).padStart(8), number(total.entries).padStart(8), "", owner];
  return `${cells.join(" ")}  ${whenText(node, model.report.from).padEnd(12)}  ${name}`;
}

function colorFor(node: Node, row: string, colorize: Colorize): string {
  if (node.firstRun === 0) return colorize("red", row);
  return node.expires === undefined ? colorize("dim", row) : row;
}

/** When the entry goes, with all that is in it. */
function whenText({ expires }: Node, from: bigint): string {
  if (expires === undefined) return "kept";
  const days = (expires - from + DAY - 1n) / DAY;
  return days <= 0n ? "next run" : `in ${days} d`;
}

function footLines(model: TopModel, colorize: Colorize, columns: number): string[] {
  const { selected, selectedPath } = model;
  const rule = "─".repeat(columns);
  if (selected === undefined || selectedPath === undefined) return [rule, "", "", "", colorize("dim", KEYS)];
  return [
    rule,
    fateText(selected),
    `line: ${selected.line === undefined ? "none" : `${sourceText(selected.line)}: ${escapeForDisplay(selected.line.text)}`}`,
    `to remove it yourself: ${removalCommand(selected, selectedPath)}`,
    colorize("dim", KEYS),
  ];
}

function fateText({ code, detail, at, expires, timestamp, time }: Node): string {
  if (code !== undefined) {
    const where = at === undefined ? "" : ` at ${escapeForDisplay(at)}`;
    return `kept: ${code}${detail === undefined ? "" : ` (${detail})`}${where}`;
  }
  const decisive = time === undefined ? "" : `, by its ${timestamp} of ${localTime(time)}`;
  return expires === undefined ? "kept" : `expires ${localTime(expires)}${decisive}`;
}

function removalCommand({ kind }: Node, path: Bytes): string {
  return `rm ${kind === "directory" ? "-r " : ""}-- ${shellQuoted(path)}`;
}
