/** The nodes of a report: directories and large files, each with the sums of all that is below it. */
import type { Bytes } from "../base/bytes.js";
import type { Source, TimestampName } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";
import type { ReasonCode } from "../inspect/index.js";
import type { UsageSums } from "./sums.js";

export type NodeKind = "directory" | "file" | "symlink" | "other";

/** A directory or a file. */
export interface Node {
  readonly name: Bytes;
  readonly kind: NodeKind;
  readonly uid: number;
  /** Of the entry and all that is below it. */
  readonly sums: UsageSums;
  /** The bytes by days left: see `stepsOf`. */
  readonly steps: readonly number[];
  /** The line that decides about the entry. */
  readonly line: Source | undefined;
  /** Why the entry is kept, or undefined if it expires. */
  readonly code: ReasonCode | undefined;
  readonly detail: string | undefined;
  /** The directory at which the entry is kept, if it is not the entry itself. */
  readonly at: Bytes | undefined;
  readonly timestamp: TimestampName | undefined;
  readonly time: Nanoseconds | undefined;
  /** When the entry expires, with all that is below it; undefined if it never does. */
  readonly expires: Nanoseconds | undefined;
  /** The first run that removes something at or below it, or NO_RUN. */
  readonly firstRun: number;
  /** The owner of most bytes at or below it. */
  readonly mainUid: number;
  /** The largest of the entries in it. Its own sums include those that are not among them. */
  children: readonly Node[];
}

/** A node is worth its place if it has a large enough share of the bytes or of the entries. */
export function shareOf(
  { sums: { total } }: Node,
  { bytes, entries }: { bytes: number; entries: number },
): number {
  return Math.max(bytes === 0 ? 0 : total.bytes / bytes, entries === 0 ? 0 : total.entries / entries);
}

/** Drops the nodes with a smaller share; returns how many are left. */
export function prune(nodes: readonly Node[], isLarge: (node: Node) => boolean): Node[] {
  const kept = nodes.filter(isLarge);
  for (const node of kept) if (node.children.length > 0) node.children = prune(node.children, isLarge);
  return kept;
}

export function countNodes(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { children }) => sum + 1 + countNodes(children), 0);
}
