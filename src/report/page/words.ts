/** Words and numbers of the page. */
import type { PageData, PageNode } from "./data.js";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1023.5 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${value.toFixed(unit === 0 || value >= 9.95 ? 0 : 1)} ${UNITS[unit]}`;
}

const grouping = new Intl.NumberFormat("en");
export const countText = (count: number): string => grouping.format(count);

/** Seconds are enough for people; the exact time is in the title. */
export const timeText = (time: string): string => time.slice(0, 16).replace("T", " ");
export const dayText = (time: string): string => time.slice(0, 10);

const DAY_MS = 86_400_000;

/** Steps of days left, from soon to never; each has a colour, a pattern and a word. */
export const STEPS = [
  { name: "due", text: "with the next run", within: 0 },
  { name: "soon", text: "within 3 days", within: 3 },
  { name: "week", text: "within 7 days", within: 7 },
  { name: "later", text: "later", within: Number.POSITIVE_INFINITY },
  { name: "never", text: "kept", within: Number.NaN },
] as const;

/** The step with the most bytes of a node; of a file, the only one. */
export function daysLeftStep(node: PageNode, from: string): number {
  if (node.daysLeft !== undefined && node.bytes > 0) return node.daysLeft.indexOf(Math.max(...node.daysLeft));
  const time = node.firstRun ?? node.expires;
  if (time === undefined) return STEPS.length - 1;
  const days = (Date.parse(time) - Date.parse(from)) / DAY_MS;
  return STEPS.findIndex(({ within }) => days <= within);
}

/** When something at or below the node goes first, in a few letters. */
export function whenText(node: PageNode, from: string): string {
  const time = node.firstRun ?? node.expires;
  if (time === undefined) return node.kept?.entries === node.entries ? "kept" : "later";
  const days = Math.max(0, Math.ceil((Date.parse(time) - Date.parse(from)) / DAY_MS));
  return days === 0 ? "next run" : `${days} d`;
}

const REASONS: Readonly<Record<string, string>> = {
  "no-line": "no line of the configuration cleans it",
  base: "it is the path of a line, which cleans only what is in it",
  "own-line": "a line of its own is for it",
  "own-glob": "a line of its own is for it",
  "mount-root": "another file system is mounted on it",
  "lost+found": "it belongs to the file system",
  "too-deep": "it is too deep in the tree",
  "unit-kept": "it goes as a whole or not at all, and something in it is in use or new",
  unreadable: "it cannot be read",
  sticky: "it has the sticky bit",
  "quota-file": "it belongs to the file system",
  "live-socket": "a process listens on it",
  "device-node": "it is a device",
  locked: "a process has a lock on it",
  open: "a process uses it",
  "first-level": "the line keeps the first level (~)",
  "too-new": "the age of the line is never reached",
  "not-empty": "something in it is kept",
  refused: "the kernel refuses the removal: it is immutable, or the file system is read-only",
};

export const keptBecause = (code: string): string => REASONS[code] ?? code;

export function ownerText(data: PageData, uid: number): string {
  return data.owners.find((owner) => owner.uid === uid)?.name ?? `${uid}`;
}

export function lineText(data: PageData, line: number): string {
  const source = data.lines[line]?.source;
  return source == null ? "no line" : `${source.file}:${source.line}`;
}
