/** The completion for zsh. No variable is called `commands` or `words`, because zsh's own functions need these. */
import type { Completion, Option } from "#src/cli/options.js";
import { CONFIG_DIRECTORIES, type CompletedCommand, choicesOf, NOTE, spellings } from "./commands.js";

const ACTIONS: Readonly<Record<Completion, string>> = {
  file: "_files",
  directory: "_files -/",
  config: "_mayfly_configs",
  command: "_command_names -e",
  user: "_users",
  process: "_mayfly_private",
  none: " ",
};

export function zsh(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  return `#compdef mayfly
# ${NOTE}

_mayfly_configs() {
  local -a configs
  configs=({${CONFIG_DIRECTORIES.join(",")}}/*.conf(N:t))
  _alternative 'configs:configuration:compadd -a configs' 'files:file:_files'
}

# The names of private /tmps, and the processes.
_mayfly_private() {
  local -a names
  names=(\${\${(f)"$(_call_program names mayfly ps 2>/dev/null)"}%% *})
  _alternative 'names:private /tmp:compadd -- \${names[2,-1]}' 'processes:process:_pids'
}

# The line of the command that is run.
_mayfly_command() {
  if [[ $words[1] == -- ]] && ((CURRENT > 1)); then
    shift words
    ((CURRENT--))
  fi
  _normal
}

_mayfly() {
  local -a mayfly_commands
  mayfly_commands=(
${described.join("\n")}
    'help:Show the help of a command'
  )
  if ((CURRENT == 2)); then
    _describe -t commands command mayfly_commands
    _arguments '(- *)'{-h,--help}'[Show this help]' '(- *)--version[Show the version]'
    return
  fi
  local mayfly_command=$words[2]
  shift words
  ((CURRENT--))
  case $mayfly_command in
  help) _describe -t commands command mayfly_commands ;;
${commands.map(caseOf).join("\n")}
  esac
}

if [[ $funcstack[1] == _mayfly ]]; then _mayfly "$@"; else compdef _mayfly mayfly; fi
`;
}

function caseOf({ name, options, operands, operandsBeforeCommand }: CompletedCommand): string {
  const rows = [...options.map(optionSpec), ...operandSpecs(operands, operandsBeforeCommand)];
  return [
    `  ${name})`,
    "    _arguments -s -S \\",
    rows.map((row) => `      ${row}`).join(" \\\n"),
    "    ;;",
  ].join("\n");
}

function operandSpecs(operands: Completion, before: number | undefined): string[] {
  if (before === undefined) return operands === "none" ? [] : [`'*:operand:${ACTIONS[operands]}'`];
  const own = Array.from({ length: before }, (_, at) => `'${at + 1}:operand:${ACTIONS[operands]}'`);
  return [...own, "'(-)*:::command:_mayfly_command'"];
}

function optionSpec(option: Option): string {
  const repeat = option.multiple ? "*" : "";
  const help = `[${option.help.replace(/[\][:\\]/g, "\\$&")}]`;
  const mark = option.value === undefined || option.name === undefined ? "" : option.optional ? "=-" : "=";
  return spellings(option)
    .map((name) => quoted(`${repeat}${name}${name.startsWith("--") ? mark : ""}${help}${valueSpec(option)}`))
    .join(" ");
}

function valueSpec(option: Option): string {
  if (option.value === undefined) return "";
  const choices = choicesOf(option);
  const action = choices === undefined ? ACTIONS[option.completes ?? "none"] : `(${choices.join(" ")})`;
  return `${option.optional ? "::" : ":"}${option.value}:${action}`;
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}
