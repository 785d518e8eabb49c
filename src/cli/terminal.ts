/** What a terminal gets: text in which nothing is obeyed but the control sequences that Mayfly itself put there. */
import { type Bytes, harmless } from "../base/bytes.js";
import { randomHex } from "../sys/random.js";

/** Stands before and behind a control sequence of our own; no input can contain it, since nobody can guess it. */
let mark: string | undefined;

/** A control sequence in a text: a colour, or the erasing of a line. All others in the text are escaped. */
export function control(sequence: string): string {
  mark ??= `\x1b<${randomHex(16)}>`;
  return `${mark}${sequence}${mark}`;
}

/** The text as it is written: on a terminal with what is not our own escaped, elsewhere as it is. */
export function rendered(text: Bytes, isTerminal: boolean): Bytes {
  const plain = (part: string): string => (isTerminal ? harmless(part as Bytes) : part);
  if (mark === undefined || !text.includes(mark)) return plain(text) as Bytes;
  const parts = text.split(mark).map((part, at) => (at % 2 === 0 ? plain(part) : part));
  return parts.join("") as Bytes;
}
