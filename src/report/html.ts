/** Makes the page of a report: one HTML file that works offline. */
import { readFileSync } from "node:fs";
import { line } from "../base/json.js";
import type { ReportData } from "./data.js";
import { MOST_NAMED, reportObject } from "./json.js";

/** What the data may take, in bytes: with the script, a page stays below 300 KiB. */
const MOST_DATA = 210 << 10;
const FEWEST_NAMED = 50;

/** `isServed`: the page may load its data again from where it came from. */
export function reportHtml(
  report: ReportData,
  { isServed = false }: { readonly isServed?: boolean } = {},
): string {
  const template = readFileSync(new URL("./report-page.html", import.meta.url), "utf8");
  const parts: Readonly<Record<string, string>> = {
    DATA: dataOf(report),
    CONNECT: isServed ? "; connect-src 'self'" : "",
  };
  return template.replace(/@(DATA|CONNECT)@/g, (_, name: string) => parts[name] ?? "");
}

/** As JSON that ends no script element, with as many names as there is room for. */
function dataOf(report: ReportData): string {
  for (let most = MOST_NAMED; ; most = Math.floor(most * 0.7)) {
    const text = line(reportObject(report, most)).replace(/</g, "\\u003c");
    if (Buffer.byteLength(text) <= MOST_DATA || most < FEWEST_NAMED) return text;
  }
}
