import { newTally, type Tally } from "../walk-parts.js";
import { type Board, PART } from "./board.js";

// A thread's own part of the board: totals, the number of words noted for the index, those words.
const NOTED = 31;
const NOTES = 32;

/** Leaves a thread's totals where the others find them. */
export function writeTally(board: Board, member: number, tally: Tally): void {
  const { entries, removed, bytes, failed, indexed, kept } = tally;
  board.part(member).set([entries, removed, bytes, failed, indexed, ...kept]);
}

export function readTally(board: Board, member: number): Tally {
  const [entries = 0, removed = 0, bytes = 0, failed = 0, indexed = 0, ...kept] = board
    .part(member)
    .subarray(0, NOTED);
  return { entries, removed, bytes, failed, indexed, kept: kept.slice(0, newTally().kept.length) };
}

/** Leaves notes for the index; false where there is no room. */
export function leaveNotes(board: Board, member: number, noted: readonly number[]): boolean {
  const part = board.part(member);
  const count = part[NOTED] as number;
  if (NOTES + count + noted.length > PART) return false;
  part.set(noted, NOTES + count);
  part[NOTED] = count + noted.length;
  return true;
}

/** Takes the notes that were left. */
export function takeNotes(board: Board, member: number): number[] {
  const part = board.part(member);
  const count = part[NOTED] as number;
  part[NOTED] = 0;
  return Array.from(part.subarray(NOTES, NOTES + count));
}
