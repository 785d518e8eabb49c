/** The completion for bash. It needs bash 4.4, and uses the bash-completion package for the arguments of other commands. */
import type { Completion, Option } from "#src/cli/options.js";
import { CONFIG_DIRECTORIES, type CompletedCommand, choicesOf, NOTE, spellings } from "./commands.js";

const ACTIONS: Readonly<Record<Completion, string>> = {
  file: '_mayfly_reply "$(compgen -f -- "$cur")"',
  directory: '_mayfly_reply "$(compgen -d -- "$cur")"',
  config: '_mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"',
  command: '_mayfly_reply "$(compgen -c -- "$cur")"',
  user: '_mayfly_reply "$(compgen -u -- "$cur")"',
  process: '_mayfly_reply "$(_mayfly_private)"',
  none: ":",
};

export function bash(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# ${NOTE}

# Offers those of the lines that begin with the current word. A line may contain blanks.
_mayfly_reply() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    [[ -n $line && $line == "$cur"* ]] && COMPREPLY+=("$line")
  done <<<"$1"
  compopt -o filenames 2>/dev/null
}

# The same for words that are no names of files.
_mayfly_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_mayfly_configs() {
  local file
  for file in {${CONFIG_DIRECTORIES.join(",")}}/*.conf; do
    [[ -e $file ]] && printf '%s\\n' "\${file##*/}"
  done
}

# The names of private /tmps, and the processes.
_mayfly_private() {
  local name rest
  mayfly ps 2>/dev/null | while read -r name rest; do printf '%s\\n' "$name"; done | tail -n +2
  local process
  for process in /proc/[0-9]*; do printf '%s\\n' "\${process#/proc/}"; done
}

# Finds the operand at position $1, counted from 1, of a command whose options with a value are $2; sets $operand to its
# index, or to that of the current word if it comes later.
_mayfly_find_operand() {
  local seen=0 word
  for ((operand = 2; operand < COMP_CWORD; operand++)); do
    word=\${COMP_WORDS[operand]}
    if [[ $word == -- && $ended == 0 ]]; then
      ended=1
    elif [[ $ended == 0 && $word == -* ]]; then
      if [[ \${COMP_WORDS[operand + 1]} == "=" ]]; then
        ((operand += 2))
      elif [[ " $2 " == *" $word "* ]]; then
        ((operand++))
      fi
    elif ((++seen == $1)); then
      return
    fi
  done
  operand=$COMP_CWORD
}

# Completes another command's line, which begins at the word $1.
_mayfly_command() {
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif (($1 >= COMP_CWORD)); then
    ${ACTIONS.command}
  else
    ${ACTIONS.file}
  fi
}

_mayfly() {
  local cur prev operand ended=0
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD - 1]}
  # bash splits --name=VALUE at the equals sign.
  if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _mayfly_words "${names} help --help --version"
    return
  fi
  case "\${COMP_WORDS[1]}" in
  help) _mayfly_words "${names}" ;;
${commands.map(caseOf).join("\n")}
  esac
}

complete -F _mayfly mayfly
`;
}

function caseOf(command: CompletedCommand): string {
  const { name, options, operands, operandsBeforeCommand } = command;
  const values = options.filter((option) => option.value !== undefined && !option.optional);
  const rows = values.map(
    (option) => `      ${spellings(option).join(" | ")}) ${valueAction(option)}; return ;;`,
  );
  const previous = rows.length === 0 ? [] : ['    case "$prev" in', ...rows, "    esac"];
  const running =
    operandsBeforeCommand === undefined ? [] : runningOf(operandsBeforeCommand, values.flatMap(spellings));
  return [
    `  ${name})`,
    ...running,
    ...previous,
    `    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "${options.flatMap(spellings).join(" ")}"; return; fi`,
    `    ${ACTIONS[operands]}`,
    "    ;;",
  ].join("\n");
}

/** The rest of the line belongs to the command that is run. */
function runningOf(before: number, values: readonly string[]): string[] {
  const withValue = `"${values.join(" ")}"`;
  const atWord = "((operand < COMP_CWORD))";
  if (before === 0) {
    return [
      `    _mayfly_find_operand 1 ${withValue}`,
      `    if ${atWord} || [[ $ended == 1 ]]; then _mayfly_command "$operand"; return; fi`,
    ];
  }
  return [
    `    _mayfly_find_operand ${before} ${withValue}`,
    `    if ${atWord}; then`,
    "      ((operand++))",
    `      [[ \${COMP_WORDS[operand]} == -- ]] && ${atWord} && ((operand++))`,
    '      _mayfly_command "$operand"',
    "      return",
    "    fi",
  ];
}

function valueAction(option: Option): string {
  const choices = choicesOf(option);
  if (choices !== undefined) return `_mayfly_words "${choices.join(" ")}"`;
  return ACTIONS[option.completes ?? "none"];
}
