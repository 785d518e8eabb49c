/** A line on the terminal that says how far a run is. */
import { escapeForDisplay } from "../../base/bytes.js";
import type { WalkProgress } from "../../base/events.js";
import { counted, number } from "../format.js";
import type { OutputStream } from "../output-stream.js";
import { control } from "../terminal.js";

/** What takes less is over before a person has read that it goes on. */
const QUIET_MS = 700;
const EVERY_MS = 100;
const CLEAR_LINE = "\r\x1b[K";

export interface Progress {
  update(progress: WalkProgress): void;
  /** Takes the line away, so that others can be written. */
  clear(): void;
}

/** Shows nothing if standard error is no terminal, or one that can't take a line back. */
export function progressOn(
  stderr: OutputStream,
  verb: string,
  env: NodeJS.ProcessEnv = process.env,
  milliseconds: () => number = () => performance.now(),
): Progress {
  if (!stderr.isTerminal || env.TERM === "dumb") return { update: () => {}, clear: () => {} };
  let next = milliseconds() + QUIET_MS;
  let shown = false;
  return {
    update(progress) {
      const now = milliseconds();
      if (now < next) return;
      next = now + EVERY_MS;
      shown = true;
      const text = progressText(progress, verb);
      stderr.write(`${control(CLEAR_LINE)}${text.slice(0, (stderr.columns ?? 80) - 1)}`);
    },
    clear() {
      if (shown) stderr.write(control(CLEAR_LINE));
      shown = false;
    },
  };
}

/** The path comes last: it is what a narrow terminal cuts off. */
function progressText({ entries, removed, path }: WalkProgress, verb: string): string {
  const gone = removed > 0 ? `, ${verb} ${number(removed)}` : "";
  return `Looked at ${counted(entries, "entry", "entries")}${gone}: ${escapeForDisplay(path)}`;
}
