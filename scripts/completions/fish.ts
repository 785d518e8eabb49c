/** The completion for fish. */
import type { Completion, Option } from "#src/cli/options.js";
import { CONFIG_DIRECTORIES, type CompletedCommand, choicesOf, NOTE } from "./commands.js";

/** The words to offer, and whether to offer files: -x (or -f for operands) offers only the given words. */
const WORDS: Readonly<Record<Completion, string>> = {
  file: "",
  directory: "'(__fish_complete_directories)'",
  config: "'(__mayfly_configs)'",
  command: "'(__fish_complete_command)'",
  user: "'(__fish_complete_users)'",
  process: "'(__mayfly_private)'",
  none: "",
};
const WITH_FILES: readonly Completion[] = ["file", "config"];

export function fish(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# ${NOTE}

function __mayfly_configs
    for directory in ${CONFIG_DIRECTORIES.join(" ")}
        test -d $directory; and command ls $directory | string match -- '*.conf'
    end
end

# The names of private /tmps, and the processes.
function __mayfly_private
    command mayfly ps 2>/dev/null | string split -f 1 ' ' | tail -n +2
    __fish_complete_pids
end

complete -c mayfly -f
complete -c mayfly -n __fish_use_subcommand -s h -l help -d 'Show this help'
complete -c mayfly -n __fish_use_subcommand -l version -d 'Show the version'
complete -c mayfly -n __fish_use_subcommand -a help -d 'Show the help of a command'
complete -c mayfly -n '__fish_seen_subcommand_from help' -a '${names}'
${commands.flatMap(rowsOf).join("\n")}
`;
}

function rowsOf({ name, summary, options, operands, operandsBeforeCommand }: CompletedCommand): string[] {
  const condition = `complete -c mayfly -n '__fish_seen_subcommand_from ${name}'`;
  return [
    `complete -c mayfly -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...operandRows(condition, operands, operandsBeforeCommand),
    ...options.map((option) => `${condition} ${optionRow(option)}`),
  ];
}

function operandRows(condition: string, operands: Completion, before: number | undefined): string[] {
  const words = WORDS[operands];
  if (before === undefined) {
    if (operands === "none") return [];
    return [
      [condition, WITH_FILES.includes(operands) ? "-F" : "", words && `-a ${words}`]
        .filter(Boolean)
        .join(" "),
    ];
  }
  // After the subcommand and its own operands, the rest is another command line.
  const skip = before + 2;
  return [
    ...(before === 0 ? [] : [`${condition} -a ${words}`]),
    `${condition} -a '(__fish_complete_subcommand --fcs-skip=${skip})'`,
  ];
}

function optionRow(option: Option): string {
  const names = [
    ...(option.short === undefined ? [] : [`-s ${option.short}`]),
    ...(option.name === undefined ? [] : [`-l ${option.name}`]),
  ];
  return [...names, ...valueWords(option), "-d", quoted(option.help)].join(" ");
}

function valueWords(option: Option): string[] {
  if (option.value === undefined) return [];
  const choices = choicesOf(option);
  const completes = option.completes ?? "none";
  const words = choices === undefined ? WORDS[completes] : quoted(choices.join(" "));
  const files = choices === undefined && WITH_FILES.includes(completes);
  const required = option.optional ? [] : [files ? "-r -F" : "-x"];
  return [...required, ...(words === "" ? [] : [`-a ${words}`])];
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
