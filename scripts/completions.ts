import type { Command, Completion, Option } from "#src/cli/options.js";
import { HELP } from "#src/cli/options.js";
import { COMMANDS } from "#src/cli/table.js";

interface Listed {
  readonly name: string;
  readonly summary: string;
  readonly command: Command;
  readonly options: readonly Option[];
}

/** The completions by file name, for bash, zsh and fish. */
export async function completions(): Promise<Map<string, string>> {
  const commands: Listed[] = [];
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = await load();
    const told = command.options.filter((option) => !option.hidden);
    const options = told.some((option) => option.name === "help") ? told : [...told, HELP];
    commands.push({ name, summary, command, options });
  }
  return new Map([
    ["mayfly.bash", bash(commands)],
    ["_mayfly", zsh(commands)],
    ["mayfly.fish", fish(commands)],
  ]);
}

const NOTE = 'Generated from the tables of src/cli by "npm run generate". Do not edit.';
const CONFIG_DIRECTORIES = "/etc/tmpfiles.d /run/tmpfiles.d /usr/local/lib/tmpfiles.d /usr/lib/tmpfiles.d";

const spellings = (option: Option): string[] => [
  ...(option.short === undefined ? [] : [`-${option.short}`]),
  ...(option.name === undefined ? [] : [`--${option.name}`]),
];

// ---- bash

const BASH: Readonly<Record<Completion, string>> = {
  file: 'COMPREPLY=($(compgen -f -- "$cur"))',
  directory: 'COMPREPLY=($(compgen -d -- "$cur"))',
  config: 'COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur"))',
  command: 'COMPREPLY=($(compgen -c -- "$cur"))',
  user: 'COMPREPLY=($(compgen -u -- "$cur"))',
  process: 'COMPREPLY=($(compgen -W "$(ps -eo pid=)" -- "$cur"))',
  none: "COMPREPLY=()",
};

function bash(commands: readonly Listed[]): string {
  const cases = commands.map(({ name, command, options }) => {
    const values = options.filter((option) => option.value !== undefined && !option.optional);
    const rows = values.map(
      (option) => `      ${spellings(option).join("|")}) ${bashValue(option)}; return ;;`,
    );
    const words = options.flatMap(spellings).join(" ");
    const previous = rows.length === 0 ? [] : ['    case "$prev" in', ...rows, "    esac"];
    return [
      `  ${name})`,
      ...previous,
      `    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "${words}" -- "$cur")); return; fi`,
      `    ${BASH[command.operands ?? "none"]}`,
      "    ;;",
    ].join("\n");
  });
  return `# ${NOTE}

_mayfly_configs() {
  local file
  for file in {${CONFIG_DIRECTORIES.split(" ").join(",")}}/*.conf; do
    [[ -e $file ]] && printf '%s\\n' "\${file##*/}"
  done
}

_mayfly() {
  local cur prev
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  # bash splits --name=VALUE at the equals sign.
  if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} help --help --version" -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
  help) COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$cur")) ;;
${cases.join("\n")}
  esac
}

complete -o filenames -F _mayfly mayfly
`;
}

function bashValue(option: Option): string {
  if (option.choices !== undefined)
    return `COMPREPLY=($(compgen -W "${option.choices.join(" ")}" -- "$cur"))`;
  return BASH[option.completes ?? "none"];
}

// ---- zsh

const ZSH: Readonly<Record<Completion, string>> = {
  file: "_files",
  directory: "_files -/",
  config: "_mayfly_configs",
  command: "_command_names -e",
  user: "_users",
  process: "_pids",
  none: " ",
};

function zsh(commands: readonly Listed[]): string {
  const names = commands.map(({ name, summary }) => `    ${zshQuote(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, command, options }) => {
    const operands = command.stopsAtOperand
      ? ["'(-):command: _command_names -e'", "'*::arguments: _normal'"]
      : [`'*:operand:${ZSH[command.operands ?? "none"]}'`];
    const rows = [...options.map(zshOption), ...operands].map((row) => `      ${row}`);
    return [`  ${name})`, "    _arguments -s -S \\", rows.join(" \\\n"), "    ;;"].join("\n");
  });
  return `#compdef mayfly
# ${NOTE}

_mayfly_configs() {
  local -a configs
  configs=({${CONFIG_DIRECTORIES.split(" ").join(",")}}/*.conf(N:t))
  _alternative 'configs:configuration:compadd -a configs' 'files:file:_files'
}

_mayfly() {
  local -a commands
  commands=(
${names.join("\n")}
    'help:Show the help of a command'
  )
  if ((CURRENT == 2)); then
    _describe -t commands command commands
    _arguments '(- *)'{-h,--help}'[Show this help]' '(- *)--version[Show the version]'
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
  help) _describe -t commands command commands ;;
${cases.join("\n")}
  esac
}

if [[ $funcstack[1] == _mayfly ]]; then _mayfly "$@"; else compdef _mayfly mayfly; fi
`;
}

function zshOption(option: Option): string {
  const repeat = option.multiple ? "*" : "";
  const value =
    option.value === undefined
      ? ""
      : `${option.optional ? "::" : ":"}${option.value}:${option.choices ? `(${option.choices.filter((each) => each !== "").join(" ")})` : ZSH[option.completes ?? "none"]}`;
  const help = `[${option.help.replace(/[\][:\\]/g, "\\$&")}]`;
  const mark = option.value === undefined || option.name === undefined ? "" : option.optional ? "=-" : "=";
  return spellings(option)
    .map((name) => zshQuote(`${repeat}${name}${name.startsWith("--") ? mark : ""}${help}${value}`))
    .join(" ");
}

function zshQuote(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

// ---- fish

const FISH: Readonly<Record<Completion, string>> = {
  file: "-F",
  directory: "-a '(__fish_complete_directories)'",
  config: "-a '(__mayfly_configs)' -F",
  command: "-a '(__fish_complete_command)'",
  user: "-a '(__fish_complete_users)'",
  process: "-a '(__fish_complete_pids)'",
  none: "",
};

function fish(commands: readonly Listed[]): string {
  const rows = commands.flatMap(({ name, summary, command, options }) => {
    const seen = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c mayfly -n __fish_use_subcommand -a ${name} -d ${fishQuote(summary)}`,
      ...(FISH[command.operands ?? "none"] === ""
        ? []
        : [`complete -c mayfly ${seen} ${FISH[command.operands ?? "none"]}`]),
      ...options.map((option) => `complete -c mayfly ${seen} ${fishOption(option)}`),
    ];
  });
  const names = commands.map(({ name }) => name).join(" ");
  return `# ${NOTE}

function __mayfly_configs
    for directory in ${CONFIG_DIRECTORIES}
        test -d $directory; and command ls $directory | string match -- '*.conf'
    end
end

complete -c mayfly -f
complete -c mayfly -n __fish_use_subcommand -s h -l help -d 'Show this help'
complete -c mayfly -n __fish_use_subcommand -l version -d 'Show the version'
complete -c mayfly -n __fish_use_subcommand -a help -d 'Show the help of a command'
complete -c mayfly -n '__fish_seen_subcommand_from help' -a '${names}'
${rows.join("\n")}
`;
}

function fishOption(option: Option): string {
  const names = [
    ...(option.short === undefined ? [] : [`-s ${option.short}`]),
    ...(option.name === undefined ? [] : [`-l ${option.name}`]),
  ];
  const required = option.value === undefined || option.optional ? [] : ["-r"];
  const choices = option.choices?.filter((each) => each !== "").join(" ");
  const value =
    option.value === undefined
      ? ""
      : choices !== undefined
        ? `-a '${choices}'`
        : FISH[option.completes ?? "none"];
  return [...names, ...required, value, "-d", fishQuote(option.help)].filter((part) => part !== "").join(" ");
}

function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
