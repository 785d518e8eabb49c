/** Refuses command lines that are certainly mistakes: an empty path, as from an unset variable, would act on something else. */
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { type Command, type Option, UsageError, type Values } from "./options.js";

type Named = Readonly<Record<string, unknown>>;

/** @throws UsageError */
export function requireMeant(
  command: Command,
  values: Values<readonly Option[]>,
  operands: readonly Bytes[],
): void {
  for (const option of command.options) requireValue(option, values);
  // An empty line of configuration has its own error, and the arguments of a command are not ours to check.
  const meaningful = command.stopsAtOperand ? operands.slice(0, 1) : isInline(values) ? [] : operands;
  if (command.operands !== undefined && meaningful.some((operand) => operand === "")) {
    throw new UsageError("an operand must not be empty (is a variable unset?)");
  }
}

/** @throws UsageError */
export function requireNoOperands([first]: readonly Bytes[]): void {
  if (first !== undefined) throw new UsageError(`unexpected operand '${escapeForDisplay(first)}'`);
}

/** An empty value names nothing. An optional value that was omitted is empty, too. */
function requireValue(option: Option, values: Values<readonly Option[]>): void {
  const { name, value, completes, optional, mayBeEmpty } = option;
  if (name === undefined || completes === undefined || optional || mayBeEmpty) return;
  if ([(values as Named)[name]].flat().includes("" as Bytes)) {
    throw new UsageError(`option '--${name}' needs a ${value}, not '' (is a variable unset?)`);
  }
}

function isInline(values: Values<readonly Option[]>): boolean {
  return (values as Named).inline === true;
}
