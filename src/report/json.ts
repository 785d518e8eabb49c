/** A report as JSON: for programs, and as the data of the page. */
import { join } from "../base/bytes.js";
import type { Source } from "../base/events.js";
import { line, pathJson, sourceJson } from "../base/json.js";
import { utcTime } from "../base/time.js";
import type { ReportData, ReportRun } from "./data.js";
import { type Node, shareOf } from "./node.js";
import { isSameLine, type Sum, type UsageSums } from "./sums.js";
import { NO_RUN } from "./verdict.js";

type Json = { readonly [key: string]: unknown };

/** So many directories and files are named. */
export const MOST_NAMED = 1_000;

/** The object of the type `report`. Of the directories and files, it has the `most` largest. */
export function reportObject(report: ReportData, most = MOST_NAMED): Json {
  const { from, until, timer, sums, runs, owners, lines, kept, largest } = report;
  const sources = lines.map(({ line }) => line);
  const nodes = nodesFor(sources, runs);
  return {
    type: "report",
    from: utcTime(from),
    until: utcTime(until),
    timer: timer ?? null,
    ...sumsJson(sums),
    runs: runs.map(({ run, entries, bytes, lines: byLine }) => ({
      run: utcTime(run),
      entries,
      bytes,
      lines: byLine.map((each) => ({ line: indexOf(sources, each.line), ...sumOf(each) })),
    })),
    past: report.past.map(({ run, ...sum }) => ({ run: utcTime(run), ...sumOf(sum) })),
    owners: owners.map((owner) => ({
      uid: owner.uid,
      ...pathJson("name", owner.name),
      ...sumsJson(owner.sums),
    })),
    lines: lines.map((each) => ({
      source: each.line === undefined ? null : sourceJson(each.line),
      ...sumsJson(each.sums),
    })),
    reasons: kept.map((each) => ({
      code: each.code,
      line: indexOf(sources, each.line),
      ...sumOf(each),
      ...(each.largest !== undefined && pathJson("largest", each.largest)),
    })),
    largest: largest.map(({ directory, node }) => ({
      ...pathJson("path", join(directory, node.name)),
      ...nodes({ ...node, children: [] }),
    })),
    roots: largestNodes(report, most).map(nodes),
  };
}

/** The same as one line. */
export function reportJson(report: ReportData): string {
  return `${line(reportObject(report))}\n`;
}

/** The nodes with the largest shares. Parents come before what is in them, so that these are always included. */
function largestNodes({ roots, sums: { total } }: ReportData, most: number): Node[] {
  const ranked: { readonly node: Node; readonly share: number }[] = [];
  const collect = (nodes: readonly Node[]): void => {
    for (const node of nodes) {
      ranked.push({ node, share: shareOf(node, total) });
      collect(node.children);
    }
  };
  collect(roots);
  // Stable: of equal shares, the first stay first.
  const large = new Set(
    ranked
      .sort((a, b) => b.share - a.share)
      .slice(0, most)
      .map(({ node }) => node),
  );
  const copy = (node: Node): Node => ({
    ...node,
    children: node.children.filter((child) => large.has(child)).map(copy),
  });
  // A root stays, however small.
  return roots.map(copy);
}

function nodesFor(
  sources: readonly (Source | undefined)[],
  runs: readonly ReportRun[],
): (node: Node) => Json {
  const nodeJson = (node: Node): Json => {
    const { code, detail, at, timestamp, time, expires, firstRun, mainUid, children } = node;
    const first = firstRun === NO_RUN ? undefined : runs[firstRun];
    return {
      ...pathJson("name", node.name),
      kind: node.kind,
      uid: node.uid,
      ...sumsJson(node.sums),
      ...(node.kind === "directory" && { daysLeft: node.steps }),
      line: indexOf(sources, node.line),
      ...(code !== undefined && { code }),
      ...(detail !== undefined && { detail }),
      ...(at !== undefined && pathJson("at", at)),
      ...(timestamp !== undefined && { timestamp }),
      ...(time !== undefined && { time: utcTime(time) }),
      ...(expires !== undefined && { expires: utcTime(expires) }),
      ...(first !== undefined && { firstRun: utcTime(first.run) }),
      ...(mainUid !== node.uid && { mainUid }),
      ...(children.length > 0 && { children: [...children].sort(byBytes).map(nodeJson) }),
    };
  };
  return nodeJson;
}

function byBytes(a: Node, b: Node): number {
  return b.sums.total.bytes - a.sums.total.bytes;
}

/** Which of the lines it is. */
function indexOf(sources: readonly (Source | undefined)[], line: Source | undefined): number {
  return sources.findIndex((each) => isSameLine(each, line));
}

/** What is 0 is left out: most entries either go or stay. */
function sumsJson({ total, goes, kept }: UsageSums): Json {
  return {
    ...sumOf(total),
    ...(goes.entries > 0 && { goes: sumOf(goes) }),
    ...(kept.entries > 0 && { kept: sumOf(kept) }),
  };
}

function sumOf({ entries, bytes }: Sum): Sum {
  return { entries, bytes };
}
