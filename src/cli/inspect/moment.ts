/** Parses points in time on the command line. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";
import { UsageError } from "../options.js";

/** `+14d` or `-1h` relative to `now`, `@1700000000` in seconds since the epoch, or a date in a format of Date.parse. */
export function parseMoment(option: string, text: Bytes, now: Nanoseconds): Nanoseconds {
  const relative = /^[+-]/.test(text) ? parseTimeSpan(text.slice(1) as Bytes) : undefined;
  if (relative !== undefined) return text.startsWith("-") ? now - relative : now + relative;
  const seconds = /^@(\d+)$/.exec(text)?.[1];
  if (seconds !== undefined) return BigInt(seconds) * SECOND;
  const milliseconds = Date.parse(text);
  if (text === "now") return now;
  if (Number.isNaN(milliseconds)) {
    throw new UsageError(
      `option '--${option}' expects a date, @SECONDS, or +SPAN, not '${escapeForDisplay(text)}'`,
    );
  }
  return BigInt(milliseconds) * 1_000_000n;
}
