/** A thread's counters and index notes, in shared memory. */
import { newWalkCounters, type WalkCounters } from "../walk-counters.js";
import { SLOT, type WorkQueue } from "./work-queue.js";

// A thread's own part of the queue's memory: counters, the number of words noted for the index, those words.
const NOTED = 31;
const NOTES = 32;

/** Writes a thread's counters for the other threads. */
export function writeCounters(queue: WorkQueue, workerId: number, counters: WalkCounters): void {
  const { entries, removed, bytes, failed, indexed, kept } = counters;
  queue.slot(workerId).set([entries, removed, bytes, failed, indexed, ...kept]);
}

export function readCounters(queue: WorkQueue, workerId: number): WalkCounters {
  const [entries = 0, removed = 0, bytes = 0, failed = 0, indexed = 0, ...kept] = queue
    .slot(workerId)
    .subarray(0, NOTED);
  return { entries, removed, bytes, failed, indexed, kept: kept.slice(0, newWalkCounters().kept.length) };
}

/** Writes notes for the index; false if there is no room. */
export function writeIndexNotes(queue: WorkQueue, workerId: number, noted: readonly number[]): boolean {
  const slot = queue.slot(workerId);
  const count = slot[NOTED] as number;
  if (NOTES + count + noted.length > SLOT) return false;
  slot.set(noted, NOTES + count);
  slot[NOTED] = count + noted.length;
  return true;
}

/** Reads and removes the notes. */
export function takeIndexNotes(queue: WorkQueue, workerId: number): number[] {
  const slot = queue.slot(workerId);
  const count = slot[NOTED] as number;
  slot[NOTED] = 0;
  return Array.from(slot.subarray(NOTES, NOTES + count));
}
