/** Sums up what each line of the configuration removes, for the table in the summary. */
import { type Bytes, escapeForDisplay, toBuffer } from "../../base/bytes.js";
import type { Event, Source } from "../../base/events.js";
import { parse } from "../../tmpfiles/index.js";
import type { Colorize } from "../colors.js";
import { number, size } from "../format.js";
import { tableText } from "../tabular.js";
import { sourceText } from "./reasons.js";

interface LineTotal {
  readonly source: Source;
  entries: number;
  bytes: number;
}

export class LineTotals {
  readonly #lines = new Map<string, LineTotal>();
  readonly #cleaned = new Set<Bytes>();

  /** Adds the entry that a `removed` event reports; ignores other events. */
  add(event: Event): void {
    if (event.type !== "removed") return;
    const key = `${event.source.file}\0${event.source.line}`;
    const total = this.#lines.get(key) ?? { source: event.source, entries: 0, bytes: 0 };
    total.entries++;
    total.bytes += event.bytes;
    this.#lines.set(key, total);
  }

  /** Records that a line cleans the contents of this directory. */
  cleans(directory: Bytes): void {
    this.#cleaned.add(directory);
  }

  /** The directories whose contents were examined. */
  get cleaned(): ReadonlySet<Bytes> {
    return this.#cleaned;
  }

  /** A row for each line that removes anything, the largest first, up to `most` rows. */
  table(colorize: Colorize, most: number): string {
    const totals = [...this.#lines.values()].sort((a, b) => b.bytes - a.bytes || b.entries - a.entries);
    if (totals.length === 0) return "";
    const rows = totals.slice(0, most).map(row);
    const rest = totals.length - rows.length;
    return `${tableText(HEADINGS, rows, colorize, NUMBERS)}${rest > 0 ? `... and ${number(rest)} more lines\n` : ""}`;
  }
}

const HEADINGS = ["ENTRIES", "SIZE", "AGE", "PATH", "LINE"];
const NUMBERS = ["ENTRIES", "SIZE"];

function row({ source, entries, bytes }: LineTotal): string[] {
  const [line] = parse(toBuffer(source.text)).lines;
  return [
    number(entries),
    size(bytes),
    line?.age === undefined ? "-" : escapeForDisplay(line.age),
    line === undefined ? "-" : escapeForDisplay(line.path),
    sourceText(source),
  ];
}
