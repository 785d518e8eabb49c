/** Parses options as getopt_long(3) does. */
import { type Bytes, escapeForDisplay, toText } from "../base/bytes.js";
import { type Option, UsageError } from "./options.js";

export interface Parsed {
  readonly options: Record<string, boolean | Bytes | readonly Bytes[] | undefined>;
  readonly operands: readonly Bytes[];
}

/**
 * Reads arguments as getopt_long(3) does: unique abbreviations, `--name VALUE` and `--name=VALUE`, bundled short
 * options, operands anywhere, and `--` to end the options. A `halt` option such as `--help` ends parsing.
 * Throws a UsageError, worded as in systemd-tmpfiles 262.
 */
export function parseOptions(
  table: readonly Option[],
  args: readonly Bytes[],
  style: { readonly stopsAtOperand?: boolean; readonly halt?: readonly string[] } = {},
): Parsed {
  const options = defaults(table);
  const operands: Bytes[] = [];
  const rest = args.slice();
  const set = (option: Option, value: Bytes | undefined): boolean => {
    store(options, option, value);
    return style.halt?.includes(optionKey(option)) ?? false;
  };
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") {
      operands.push(...rest.splice(0));
    } else if (arg.startsWith("--")) {
      if (set(...longOption(table, arg, rest))) break;
    } else if (arg.startsWith("-") && arg !== "-") {
      if (shortOptions(table, arg, rest, set)) break;
    } else {
      operands.push(arg);
      if (style.stopsAtOperand) operands.push(...rest.splice(0));
    }
  }
  return { options, operands };
}

function optionKey(option: Option): string {
  return option.name ?? option.short ?? "";
}

function defaults(table: readonly Option[]): Parsed["options"] {
  const initial = (option: Option) => (option.value === undefined ? false : option.multiple ? [] : undefined);
  return Object.fromEntries(table.map((option) => [optionKey(option), initial(option)]));
}

function store(options: Parsed["options"], option: Option, value: Bytes | undefined): void {
  const key = optionKey(option);
  const before = options[key];
  if (value !== undefined && option.choices !== undefined && !option.choices.includes(toText(value))) {
    const choices = option.choices.join(", ");
    throw new UsageError(`option '--${key}' expects one of ${choices}, not '${escapeForDisplay(value)}'`);
  }
  if (option.value === undefined) options[key] = true;
  else if (option.multiple) options[key] = [...(Array.isArray(before) ? before : []), value ?? ("" as Bytes)];
  else options[key] = value ?? ("" as Bytes);
}

function longOption(
  table: readonly Option[],
  arg: Bytes,
  rest: Bytes[],
): [option: Option, value: Bytes | undefined] {
  const equals = arg.indexOf("=");
  const written = arg.slice(0, equals < 0 ? undefined : equals) as Bytes;
  const option = lookUp(table, written);
  let value = equals < 0 ? undefined : (arg.slice(equals + 1) as Bytes);
  if (option.value === undefined && value !== undefined) {
    throw new UsageError(`option '${escapeForDisplay(written)}' doesn't allow an argument`);
  }
  if (option.value !== undefined && !option.optional && value === undefined)
    value = requiredArgument(rest, written);
  return [option, value];
}

/** The option with that name, or the only one whose name starts with it. */
function lookUp(table: readonly Option[], written: Bytes): Option {
  const name = written.slice(2);
  const exact = table.find((option) => option.name === name);
  if (exact !== undefined) return exact;
  const candidates = name === "" ? [] : table.filter((option) => option.name?.startsWith(name));
  const [only] = candidates;
  if (only === undefined) throw new UsageError(`unrecognized option '${escapeForDisplay(written)}'`, written);
  if (candidates.length === 1) return only;
  const possibilities = candidates.map((option) => `--${option.name}`).join(", ");
  throw new UsageError(`option '${escapeForDisplay(written)}' is ambiguous; possibilities: ${possibilities}`);
}

/** Sets each option of a bundle. Returns whether one of them ends parsing. */
function shortOptions(
  table: readonly Option[],
  arg: Bytes,
  rest: Bytes[],
  set: (option: Option, value: Bytes | undefined) => boolean,
): boolean {
  for (let at = 1; at < arg.length; at++) {
    const letter = arg.charAt(at) as Bytes;
    const option = table.find((each) => each.short === letter);
    if (option === undefined)
      throw new UsageError(`unrecognized option '-${escapeForDisplay(letter)}'`, `-${letter}`);
    if (option.value !== undefined) {
      const attached = arg.slice(at + 1) as Bytes;
      return set(
        option,
        attached !== "" || option.optional ? attached : requiredArgument(rest, `-${letter}` as Bytes),
      );
    }
    if (set(option, undefined)) return true;
  }
  return false;
}

function requiredArgument(rest: Bytes[], written: Bytes): Bytes {
  const value = rest.shift();
  if (value === undefined) throw new UsageError(`option '${escapeForDisplay(written)}' requires an argument`);
  return value;
}
