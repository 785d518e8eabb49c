import { groupsOf } from "#src/cli/help.js";
import { BAD_USAGE, type Command, type Option, type Section } from "#src/cli/options.js";
import { COMMANDS } from "#src/cli/table.js";
import { LINE_TYPES, RULES, type Rule } from "#src/tmpfiles/index.js";
import { OVERVIEW } from "./prose.js";
import { commandLine, heading, inline, item, paragraphs } from "./roff.js";

/** The man pages by file name, from the tables of the commands and the texts in prose.ts. */
export async function manPages(version: string): Promise<Map<string, string>> {
  const pages = new Map([["mayfly.1", overviewPage(version)]]);
  for (const [name, entry] of Object.entries(COMMANDS)) {
    pages.set(`mayfly-${name}.1`, commandPage(await entry.load(), entry.summary, version));
  }
  return pages;
}

function page(name: string, version: string, parts: readonly string[]): string {
  const comment = '.\\" Generated from the tables of src/cli by "npm run generate". Do not edit.';
  const title = `.TH "${name.toUpperCase().replace(/-/g, "\\-")}" "1" "" "Mayfly ${version}" "Mayfly Manual"`;
  // No hyphenation, and a ragged right margin: names of options stay in one piece.
  return [comment, title, ".nh", ".ad l", ...parts, ""].join("\n");
}

function overviewPage(version: string): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) =>
    item(`**mayfly-${name}**(1)`, inline(`${summary}.`)),
  );
  return page("mayfly", version, [
    heading("Name"),
    inline("mayfly - manage temporary files"),
    heading("Synopsis"),
    inline("**mayfly** *COMMAND* [*OPTION*]... [*OPERAND*]..."),
    heading("Description"),
    paragraphs(OVERVIEW.description),
    heading("Commands"),
    ...commands,
    heading("Line types"),
    ...Object.entries(LINE_TYPES).map(([letter, { title }]) => item(`**${letter}**`, inline(`${title}.`))),
    ...OVERVIEW.sections.flatMap(({ title, text }) => [heading(title), paragraphs(text)]),
    heading("Files"),
    ...[...CONFIGURATION, ...CODE_CACHE].map(([path, meaning]) => item(`**${path}**`, inline(meaning))),
    heading("See also"),
    inline([...Object.keys(COMMANDS).map((name) => `**mayfly-${name}**(1)`), "**tmpfiles.d**(5)"].join(", ")),
  ]);
}

function commandPage(command: Command, summary: string, version: string): string {
  const name = `mayfly-${command.name}`;
  return page(name, version, [
    heading("Name"),
    inline(`${name} - ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`),
    heading("Synopsis"),
    inline(`**mayfly ${command.name}** ${command.synopsis.replace(/[A-Z]{2,}/g, (word) => `*${word}*`)}`),
    heading("Description"),
    paragraphs(command.description),
    ...[...groupsOf(command)].flatMap(([title, options]) => [heading(title), ...options.map(optionItem)]),
    ...sectionsOf(command).flatMap(({ title, text }) => [heading(title), paragraphs(text)]),
    heading("Files"),
    ...filesOf(command).map(([path, meaning]) => item(`**${path}**`, inline(meaning))),
    ...(command.name === "check" ? [heading("Findings"), ...RULES.map(ruleItem)] : []),
    ...examples(command),
    heading("See also"),
    inline("**mayfly**(1), **tmpfiles.d**(5)"),
  ]);
}

/** A command without its own section has the exit statuses of all commands. */
function sectionsOf(command: Command): readonly Section[] {
  const { sections = [], usageStatus = BAD_USAGE } = command;
  if (sections.some(({ title }) => title === EXIT_STATUS)) return sections;
  const text = `**0** on success; **${usageStatus}** if the command line is invalid; **1** on any other failure.`;
  return [{ title: EXIT_STATUS, text }, ...sections];
}

const EXIT_STATUS = "Exit status";

const CONFIGURATION: NonNullable<Command["files"]> = [
  [
    "/etc/tmpfiles.d, /run/tmpfiles.d, /usr/local/lib/tmpfiles.d, /usr/lib/tmpfiles.d",
    "The configuration of the host. A file replaces one of the same name in a later directory.",
  ],
  [
    "~/.config/user-tmpfiles.d, $XDG_RUNTIME_DIR/user-tmpfiles.d, ~/.local/share/user-tmpfiles.d, /usr/share/user-tmpfiles.d",
    "The configuration of a user, with --user.",
  ],
];

const CODE_CACHE: NonNullable<Command["files"]> = [
  [
    "/var/cache/mayfly, $XDG_CACHE_HOME/mayfly, $CACHE_DIRECTORY",
    "V8's code cache for the next start: of root, of a user, and of a service.",
  ],
];

function filesOf({ operands, options, files = [] }: Command): NonNullable<Command["files"]> {
  const configured = operands === "config" || options.some(({ completes }) => completes === "config");
  return [...(configured ? CONFIGURATION : []), ...files, ...CODE_CACHE];
}

function optionItem(option: Option): string {
  const value = option.value === undefined ? "" : `*${option.value}*`;
  const names = [
    ...(option.short === undefined
      ? []
      : [`**-${option.short}**${option.name === undefined && value ? ` ${value}` : ""}`]),
    ...(option.name === undefined ? [] : [`**--${option.name}**${longValue(option, value)}`]),
  ];
  const choices = option.choices === undefined ? "" : ` One of ${option.choices.join(", ")}.`;
  const more = option.more === undefined ? "" : `\n\n${option.more}`;
  // .RS keeps further paragraphs below the term.
  const [first, ...rest] = paragraphs(`${option.help}.${choices}${more}`).split("\n.PP\n");
  return item(names.join(", "), [first, ...rest.map((text) => `.RS\n.PP\n${text}\n.RE`)].join("\n"));
}

function ruleItem({ code, severity, title, why, fix }: Rule): string {
  return item(`**${code}** (${severity})`, paragraphs(`${title}. ${why} ${fix}`));
}

function longValue(option: Option, value: string): string {
  if (value === "") return "";
  return option.optional ? `[=${value}]` : `=${value}`;
}

function examples(command: Command): string[] {
  const rows = command.examples ?? [];
  if (rows.length === 0) return [];
  return [
    heading("Examples"),
    ...rows.map(([line, does]) => `${commandLine(line)}\n.RS\n${inline(does)}\n.RE`),
  ];
}
