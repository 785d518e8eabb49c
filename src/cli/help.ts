/** Formats the help of one command from its table of options. */
import { type Colorize, colors } from "./colors.js";
import { type Command, HELP, type Option } from "./options.js";
import type { OutputStream } from "./output-stream.js";
import { wrap } from "./wrap.js";

const WIDEST = 100;
const OPTION_COLUMN = 28;
/** On a terminal narrower than this, the description of an option is printed below its name. */
const NARROW = 60;
const INDENT = 8;

/** The help of one command, from its table. */
export function commandHelp(command: Command, output: OutputStream): string {
  const colorize = colors(output);
  const width = Math.min(output.columns ?? 80, WIDEST);
  const paragraphs = command.description.split("\n\n").map((text) => plain(wrap(text, width)));
  const examples = (command.examples ?? []).map(
    ([line, does]) => `  ${colorize("cyan", line)}\n      ${does}`,
  );
  return [
    `${colorize("bold", "Usage:")} mayfly ${command.name} ${command.synopsis}`.trimEnd(),
    ...paragraphs,
    ...optionGroups(command, colorize, width),
    ...(examples.length > 0 ? [`${colorize("bold", "Examples:")}\n${examples.join("\n")}`] : []),
    `For details, see 'man mayfly-${command.name}'.`,
  ]
    .join("\n\n")
    .concat("\n");
}

/** The options to list, with --help itself, by heading. */
export function groupsOf(command: Command): Map<string, Option[]> {
  const listed = command.options.filter((option) => !option.hidden);
  const all = listed.some((option) => option.name === "help") ? listed : [...listed, HELP];
  const groups = new Map<string, Option[]>();
  for (const option of all) {
    const group = option.group ?? "Options";
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  return groups;
}

function optionGroups(command: Command, colorize: Colorize, width: number): string[] {
  return [...groupsOf(command)].map(([title, options]) => {
    const rows = options.map((option) => optionRow(option, width));
    return `${colorize("bold", `${title}:`)}\n${rows.join("\n")}`;
  });
}

function optionRow(option: Option, width: number): string {
  const label = `  ${optionLabel(option)}`;
  const column = width < NARROW ? INDENT : OPTION_COLUMN;
  const lines = wrap(option.help, width - column).split("\n");
  const indent = " ".repeat(column);
  const fits = label.length + 2 <= column;
  return fits
    ? label.padEnd(column) + lines.join(`\n${indent}`)
    : `${label}\n${indent}${lines.join(`\n${indent}`)}`;
}

/** `-n, --dry-run` or `    --root=PATH`, so that all long names start in one column. */
function optionLabel(option: Option): string {
  const short = option.short === undefined ? undefined : `-${option.short}`;
  if (option.name === undefined) return option.value === undefined ? `${short}` : `${short} ${option.value}`;
  return `${short === undefined ? "    " : `${short}, `}${longLabel(option)}`;
}

/** `--root=PATH`, `--color[=WHEN]`. */
function longLabel(option: Option): string {
  const value = option.value === undefined ? "" : option.optional ? `[=${option.value}]` : `=${option.value}`;
  return `--${option.name}${value}`;
}

/** Removes the marks of bold and italics. */
function plain(text: string): string {
  return text.replace(/\*\*([^*]+)\*\*/g, "$1").replace(/\*([^*\s][^*]*)\*/g, "$1");
}
