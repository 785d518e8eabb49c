/** Shows the progress of a run as one line on the terminal. */
import { escapeForDisplay } from "../../base/bytes.js";
import type { WalkProgress } from "../../base/events.js";
import { counted, number } from "../format.js";
import type { OutputStream } from "../output-stream.js";
import { control } from "../terminal.js";

/** A shorter run shows no progress: it would end before anyone could read it. */
const QUIET_MS = 700;
const EVERY_MS = 100;
const CLEAR_LINE = "\r\x1b[K";

export interface Progress {
  update(progress: WalkProgress): void;
  /** Clears the line, so that other output can be written. */
  clear(): void;
}

/** Shows nothing if standard error is not a terminal, or one that cannot clear a line. */
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

/** The path comes last, since a narrow terminal cuts off the end. */
function progressText({ entries, removed, path }: WalkProgress, verb: string): string {
  const gone = removed > 0 ? `, ${verb} ${number(removed)}` : "";
  return `Examined ${counted(entries, "entry", "entries")}${gone}: ${escapeForDisplay(path)}`;
}
