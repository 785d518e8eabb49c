import type { Nanoseconds } from "../base/time.js";
import { SECOND } from "../base/time.js";
import type { Paint } from "./style.js";

/** Rows in columns as wide as their widest cell; the last one is as long as it is. */
export function tableText(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
): string {
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  return [paint("bold", line(headings)), ...rows.map(line)].map((text) => `${text}\n`).join("");
}

const UNITS = ["B", "K", "M", "G", "T", "P"];

/** Bytes in the largest unit that leaves at least one, in steps of 1024: `3.4M`. */
export function sizeText(size: bigint): string {
  let value = Number(size);
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)}${UNITS[unit]}`;
}

const SPANS = [
  [86_400n, "d"],
  [3600n, "h"],
  [60n, "min"],
] as const;

/** A span in its largest unit, rounded down: `3d`. */
export function ageText(age: Nanoseconds): string {
  const seconds = age / SECOND;
  for (const [length, unit] of SPANS) if (seconds >= length) return `${seconds / length}${unit}`;
  return `${seconds}s`;
}
