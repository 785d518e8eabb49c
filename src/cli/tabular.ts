/** Formats rows as an aligned table. */
import type { Colorize } from "./colors.js";

/** Pads each column to its widest cell, except the last. Columns named in `right` are right-aligned. */
export function tableText(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  colorize: Colorize,
  right: readonly string[] = [],
): string {
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const cellText = (cell: string, at: number): string => {
    if (right.includes(headings[at] ?? "")) return cell.padStart(widths[at] ?? 0);
    return at === headings.length - 1 ? cell : cell.padEnd(widths[at] ?? 0);
  };
  const line = (cells: readonly string[]): string => cells.map(cellText).join("  ").trimEnd();
  return [colorize("bold", line(headings)), ...rows.map(line)].map((text) => `${text}\n`).join("");
}
