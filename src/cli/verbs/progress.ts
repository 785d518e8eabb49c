import type { Sink } from "../sink.js";
import { control } from "../terminal.js";
import { counted } from "../words.js";

/** What takes less is over before a person has read that it goes on. */
const QUIET_MS = 700;
const EVERY_MS = 100;
const CLEAR_LINE = "\r\x1b[K";

export interface Progress {
  update(entries: number): void;
  /** Takes the line away, so that others can be written. */
  clear(): void;
}

/** A line on the terminal that says how far it is; nothing elsewhere, and nothing on a terminal that can't take it back. */
export function progressOn(
  stderr: Sink,
  env: NodeJS.ProcessEnv = process.env,
  milliseconds: () => number = () => performance.now(),
): Progress {
  if (!stderr.isTerminal || env.TERM === "dumb") return { update: () => {}, clear: () => {} };
  let next = milliseconds() + QUIET_MS;
  let shown = false;
  return {
    update(entries) {
      const now = milliseconds();
      if (now < next) return;
      next = now + EVERY_MS;
      shown = true;
      const text = `${counted(entries, "entry", "entries")} seen...`;
      stderr.write(`${control(CLEAR_LINE)}${text.slice(0, (stderr.columns ?? 80) - 1)}`);
    },
    clear() {
      if (shown) stderr.write(control(CLEAR_LINE));
      shown = false;
    },
  };
}
