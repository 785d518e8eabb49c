/** Decides whether to use colors, and colors text for a terminal. */
import type { OutputStream } from "./output-stream.js";
import { control } from "./terminal.js";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
export type Colorize = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/**
 * Colors text for `output` if it is a terminal other than "dumb", unless NO_COLOR is set and not empty
 * (no-color.org). FORCE_COLOR or CLICOLOR_FORCE enables colors for a pipe too, for example to a pager.
 */
export function colors(
  output: Pick<OutputStream, "isTerminal">,
  env: NodeJS.ProcessEnv = process.env,
): Colorize {
  if (!wantsColor(output, env)) return (_style, text) => text;
  const turn = (code: number): string => control(`\x1b[${code}m`);
  return (style, text) => `${turn(CODES[style][0])}${text}${turn(CODES[style][1])}`;
}

function wantsColor(output: Pick<OutputStream, "isTerminal">, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  const forced = env.FORCE_COLOR ?? env.CLICOLOR_FORCE;
  if (forced !== undefined && forced !== "") return forced !== "0";
  return output.isTerminal && env.TERM !== "dumb" && env.TERM !== undefined;
}
