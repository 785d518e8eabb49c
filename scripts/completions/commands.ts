/** The data for the completions of all three shells, from the tables of commands in src/cli. */
import type { Command, Completion, Option } from "#src/cli/options.js";
import { HELP } from "#src/cli/options.js";
import { COMMANDS } from "#src/cli/table.js";

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly Option[];
  readonly operands: Completion;
  /**
   * For a command that runs another command: the number of its own operands before that one. Undefined for all other
   * commands.
   */
  readonly operandsBeforeCommand: number | undefined;
}

export const NOTE = 'Generated from the tables of src/cli by "npm run generate". Do not edit.';
export const CONFIG_DIRECTORIES = [
  "/etc/tmpfiles.d",
  "/run/tmpfiles.d",
  "/usr/local/lib/tmpfiles.d",
  "/usr/lib/tmpfiles.d",
] as const;

export async function completedCommands(): Promise<CompletedCommand[]> {
  const commands: CompletedCommand[] = [];
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = await load();
    const shown = command.options.filter((option) => !option.hidden);
    const options = shown.some((option) => option.name === "help") ? shown : [...shown, HELP];
    const operands = command.operands ?? "none";
    commands.push({ name, summary, options, operands, operandsBeforeCommand: beforeCommand(command) });
  }
  return commands;
}

function beforeCommand({ stopsAtOperand, operands }: Command): number | undefined {
  if (stopsAtOperand !== true) return undefined;
  return operands === "command" ? 0 : 1;
}

export const spellings = (option: Option): string[] => [
  ...(option.short === undefined ? [] : [`-${option.short}`]),
  ...(option.name === undefined ? [] : [`--${option.name}`]),
];

/** The values that an option can have, if it is one of a few. */
export const choicesOf = ({ choices }: Option): readonly string[] | undefined =>
  choices?.filter((each) => each !== "");
