/** Escapes text for a terminal, except for the control sequences that Mayfly itself adds. */
import { type Bytes, harmless } from "../base/bytes.js";
import { randomHex } from "../sys/random.js";

/** Delimits Mayfly's own control sequences. It is random, so no input can contain it. */
let mark: string | undefined;

/** Marks a control sequence, such as a color, as Mayfly's own. `rendered` escapes all others. */
export function control(sequence: string): string {
  mark ??= `\x1b<${randomHex(16)}>`;
  return `${mark}${sequence}${mark}`;
}

/** The text to write: for a terminal with foreign control characters escaped, otherwise unchanged. */
export function rendered(text: Bytes, isTerminal: boolean): Bytes {
  const plain = (part: string): string => (isTerminal ? harmless(part as Bytes) : part);
  if (mark === undefined || !text.includes(mark)) return plain(text) as Bytes;
  const parts = text.split(mark).map((part, at) => (at % 2 === 0 ? plain(part) : part));
  return parts.join("") as Bytes;
}
