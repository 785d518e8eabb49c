/** What explain would answer for the selected entry. */
import type { PageData, PageNode } from "./data.js";
import { make, nameElement } from "./dom.js";
import { shellWord, shownBytes } from "./names.js";
import { bytesText, countText, keptBecause, lineText, ownerText, timeText, whenText } from "./words.js";

export function detailsOf(data: PageData, node: PageNode, path: Uint8Array): readonly Node[] {
  const source = data.lines[node.line]?.source;
  const rows: (readonly [string, Node | string])[] = [
    [
      "Size",
      `${bytesText(node.bytes)} in ${countText(node.entries)} ${node.entries === 1 ? "entry" : "entries"}`,
    ],
    ["Owner", nameElement(ownerText(data, node.uid))],
    ["Goes", goesText(data, node)],
    ...(node.code === undefined ? [] : [["Kept because", keptText(node)] as const]),
    ...(node.timestamp === undefined ? [] : [["Decisive", decisiveElement(node)] as const]),
    ["Line", source == null ? "none" : lineElement(data, node.line, source.text)],
    ["What to do", make("span", {}, ...advice(node, path))],
  ];
  return [
    make("strong", {}, nameElement(shownBytes(path))),
    make("dl", {}, ...rows.flatMap(([term, value]) => [make("dt", {}, term), make("dd", {}, value)])),
  ];
}

function goesText(data: PageData, node: PageNode): string {
  const when = whenText(node, data.from);
  if (node.goes === undefined)
    return node.expires === undefined ? "never, as things are" : `expires ${timeText(node.expires)} UTC`;
  const part = `${bytesText(node.goes.bytes)} in ${countText(node.goes.entries)}`;
  const first = node.firstRun === undefined ? "" : `, the first on ${timeText(node.firstRun)} UTC (${when})`;
  return `${part} until ${timeText(data.until)}${first}`;
}

function keptText({ code = "", detail, at }: PageNode): string {
  const more = detail === undefined ? "" : ` (${detail})`;
  return `${at === undefined ? "" : "of a directory above it: "}${keptBecause(code)}${more}`;
}

function decisiveElement({ timestamp = "", time = "", expires }: PageNode): HTMLElement {
  const until = expires === undefined ? "" : `; expires ${timeText(expires)} UTC`;
  return make("span", { title: time }, `${timestamp} of ${timeText(time)} UTC${until}`);
}

function lineElement(data: PageData, line: number, text: string): HTMLElement {
  const shown = shownBytes(new TextEncoder().encode(text));
  return make("span", {}, nameElement(lineText(data, line)), " ", make("code", {}, shown));
}

function advice({ code, expires, firstRun }: PageNode, path: Uint8Array): (Node | string)[] {
  const word = shellWord(path);
  const explain = make("code", {}, `mayfly explain ${word}`);
  if (code === undefined || expires !== undefined || firstRun !== undefined) {
    const lock = make("code", {}, `flock ${word} COMMAND`);
    return [
      "To keep it, add an x line for it, or hold a lock while it is in use: ",
      lock,
      ". For the details: ",
      explain,
    ];
  }
  if (code === "no-line") return ["To have it cleaned, add a line with an age. For the details: ", explain];
  return ["For the details: ", explain];
}
