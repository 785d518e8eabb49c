/** The tables of owners, lines, large files, and of what is kept. */
import type { PageData, PageNode, PageSums } from "./data.js";
import { make, nameElement, tableElement } from "./dom.js";
import { bytesOf, shownBytes } from "./names.js";
import { bytesText, countText, keptBecause, lineText, ownerText, whenText } from "./words.js";

const SUMS = [
  { title: "Bytes", isNumber: true },
  { title: "Entries", isNumber: true },
  { title: "Bytes that go", isNumber: true },
  { title: "Entries that go", isNumber: true },
  { title: "Bytes kept", isNumber: true },
  { title: "Entries kept", isNumber: true },
];

function sums({ bytes, entries, goes, kept }: PageSums): string[] {
  return [
    bytesText(bytes),
    countText(entries),
    bytesText(goes?.bytes ?? 0),
    countText(goes?.entries ?? 0),
    bytesText(kept?.bytes ?? 0),
    countText(kept?.entries ?? 0),
  ];
}

export function ownersTable({ owners }: PageData): HTMLElement {
  const rows = owners.map((owner) => [nameElement(owner.name), ...sums(owner)]);
  return tableElement("By owner", [{ title: "Owner" }, ...SUMS], rows);
}

export function linesTable(data: PageData): HTMLElement {
  const rows = data.lines.map((line, index) => {
    const text = line.source === null ? "" : shownBytes(bytesOf(line.source.text, undefined));
    return [make("span", {}, nameElement(lineText(data, index)), " ", make("code", {}, text)), ...sums(line)];
  });
  return tableElement("By line of the configuration", [{ title: "Line" }, ...SUMS], rows);
}

export function largestTable(
  data: PageData,
  select: (node: PageNode, path: Uint8Array) => void,
): HTMLElement {
  const rows = data.largest.map((entry) => {
    const path = bytesOf(entry.path, entry.pathBase64);
    const link = make("button", { type: "button", class: "link" }, nameElement(shownBytes(path)));
    link.addEventListener("click", () => select(entry, path));
    return [
      link,
      bytesText(entry.bytes),
      whenText(entry, data.from),
      nameElement(ownerText(data, entry.uid)),
    ];
  });
  const columns = [
    { title: "Path" },
    { title: "Bytes", isNumber: true },
    { title: "Goes" },
    { title: "Owner" },
  ];
  return tableElement("The largest files", columns, rows);
}

export function keptTable(data: PageData): HTMLElement {
  const rows = data.reasons.map(({ code, line, entries, bytes, largest, largestBase64 }) => [
    `${keptBecause(code)} (${code})`,
    nameElement(lineText(data, line)),
    bytesText(bytes),
    countText(entries),
    largest === undefined ? "" : nameElement(shownBytes(bytesOf(largest, largestBase64))),
  ]);
  const columns = [
    { title: "Kept because" },
    { title: "Line" },
    { title: "Bytes", isNumber: true },
    { title: "Entries", isNumber: true },
    { title: "Largest" },
  ];
  return tableElement("Kept whatever its age", columns, rows);
}
