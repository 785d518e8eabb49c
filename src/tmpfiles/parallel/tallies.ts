import { newTally, type Tally } from "../walk-parts.js";
import type { Board } from "./board.js";

/** Leaves a thread's totals where the others find them. */
export function writeTally(board: Board, member: number, tally: Tally): void {
  board.tally(member).set([tally.entries, tally.removed, tally.bytes, tally.failed, ...tally.kept]);
}

export function readTally(board: Board, member: number): Tally {
  const [entries = 0, removed = 0, bytes = 0, failed = 0, ...kept] = board.tally(member);
  return { entries, removed, bytes, failed, kept: kept.slice(0, newTally().kept.length) };
}
