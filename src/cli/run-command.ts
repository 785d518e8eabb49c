/** Runs one command: parses its options, and turns errors into messages and exit statuses. */
import { type Bytes, basename, bytes, escapeForDisplay } from "../base/bytes.js";
import { argumentBytes } from "./arguments.js";
import { requireMeant } from "./command-line.js";
import { parseOptions } from "./getopt.js";
import {
  BAD_USAGE,
  type Command,
  HELP,
  type Option,
  type ProgramStart,
  UsageError,
  type Values,
  VERSION,
} from "./options.js";
import { type OutputStream, openOutputStream } from "./output-stream.js";

/** Started under this name, the program behaves as the drop-in. */
export const DROP_IN = "systemd-tmpfiles";

export function startOf(argv: readonly string[]): ProgramStart {
  return { startedAs: basename(bytes(argv[1] ?? "")), args: argumentBytes(argv) };
}

export interface Streams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** Opens the streams and flushes them at the end. If standard output could not be written, the exit status is not 0. */
export async function withStreams(act: (streams: Streams) => Promise<number>): Promise<number> {
  const streams = { stdout: openOutputStream(1), stderr: openOutputStream(2) };
  try {
    const status = await act(streams);
    streams.stdout.flush();
    const { problem } = streams.stdout;
    if (problem === undefined) return status;
    streams.stderr.write(`mayfly: standard output: ${problem}\n`);
    return status || 1;
  } finally {
    streams.stdout.flush();
    streams.stderr.flush();
  }
}

/** Runs a command and returns the exit status. `program` is the prefix of its messages, such as `mayfly clean`. */
export async function runCommand(
  command: Command,
  program: string,
  args: readonly Bytes[],
  context: Streams & { readonly how: ProgramStart },
): Promise<number> {
  const { stdout, stderr } = context;
  const hasStandardHelp = !command.options.some((option) => option.name === "help");
  const table = hasStandardHelp ? [...command.options, HELP, VERSION] : command.options;
  try {
    const style = { stopsAtOperand: command.stopsAtOperand ?? false, halt: ["help", "version"] };
    const { options, operands } = parseOptions(table, args, style);
    if (options.version === true && hasStandardHelp) {
      const { version } = await import("./version.js");
      stdout.write(`mayfly ${version()}\n`);
      return 0;
    }
    if (options.help === true && hasStandardHelp) {
      const { commandHelp } = await import("./help.js");
      stdout.write(commandHelp(command, stdout));
      return 0;
    }
    const values = options as Values<readonly Option[]>;
    // The drop-in, which has a help of its own, does as 262 does.
    if (hasStandardHelp) requireMeant(command, values, operands);
    return await command.main({ program, options: values, operands, ...context });
  } catch (error) {
    const hint = hasStandardHelp && error instanceof UsageError ? await hintFor(error, command, table) : "";
    const message = `${messageOf(error)}${hint}`;
    if (wantsJson(command, args)) stdout.write(`${(await import("./verbs/json.js")).failureJson(message)}\n`);
    else stderr.write(`${program}: ${message}\n`);
    return error instanceof UsageError ? (command.usageStatus ?? BAD_USAGE) : 1;
  }
}

/** Holds even if the options cannot be parsed: a program that reads JSON must not get anything else. */
function wantsJson(command: Command, args: readonly Bytes[]): boolean {
  return command.options.some(({ name }) => name === "json") && args.includes("--json" as Bytes);
}

/** What the user probably meant, or where to find help. */
async function hintFor({ unknown }: UsageError, command: Command, table: readonly Option[]): Promise<string> {
  const { closest } = await import("./closest.js");
  const names = table
    .filter(({ hidden }) => !hidden)
    .flatMap(({ name }) => (name === undefined ? [] : [`--${name}`]));
  const meant = unknown?.startsWith("--") ? closest(unknown, names) : undefined;
  if (meant !== undefined) return `. Did you mean '${meant}'?`;
  return unknown === undefined ? "" : `. See 'mayfly ${command.name} --help'.`;
}

function messageOf(error: unknown): string {
  if (process.env.MAYFLY_DEBUG && error instanceof Error) return error.stack ?? error.message;
  return error instanceof Error ? error.message : escapeForDisplay(bytes(String(error)));
}
