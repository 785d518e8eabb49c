/** Runs one command: parses its options, and turns errors into messages and exit statuses. */
import { type Bytes, basename, bytes, escapeForDisplay } from "../base/bytes.js";
import { argumentBytes } from "./arguments.js";
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

/** Started under this name, the program is that program. */
export const DROP_IN = "systemd-tmpfiles";

export function startOf(argv: readonly string[]): ProgramStart {
  return { startedAs: basename(bytes(argv[1] ?? "")), args: argumentBytes(argv) };
}

export interface Streams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** Opens the streams, and writes out at the end what they gathered. The exit status says when that could not be. */
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

/** Runs a command under the name `program`, and returns the exit status. */
export async function runCommand(
  command: Command,
  program: string,
  args: readonly Bytes[],
  context: Streams & { readonly how: ProgramStart },
): Promise<number> {
  const { stdout, stderr } = context;
  const helpless = !command.options.some((option) => option.name === "help");
  const table = helpless ? [...command.options, HELP, VERSION] : command.options;
  try {
    const style = { stopsAtOperand: command.stopsAtOperand ?? false, halt: ["help", "version"] };
    const { options, operands } = parseOptions(table, args, style);
    if (options.version === true && helpless) {
      const { version } = await import("./version.js");
      stdout.write(`mayfly ${version()}\n`);
      return 0;
    }
    if (options.help === true && helpless) {
      const { commandHelp } = await import("./help.js");
      stdout.write(commandHelp(command, stdout));
      return 0;
    }
    const values = options as Values<readonly Option[]>;
    return await command.main({ program, options: values, operands, ...context });
  } catch (error) {
    const hint = helpless && error instanceof UsageError ? await hintFor(error, command, table) : "";
    const message = `${messageOf(error)}${hint}`;
    if (wantsJson(command, args)) stdout.write(`${(await import("./verbs/json.js")).failureJson(message)}\n`);
    else stderr.write(`${program}: ${message}\n`);
    return error instanceof UsageError ? (command.usageStatus ?? BAD_USAGE) : 1;
  }
}

/** Also of options that can't be parsed: a program that reads JSON lines gets nothing else. */
function wantsJson(command: Command, args: readonly Bytes[]): boolean {
  return command.options.some(({ name }) => name === "json") && args.includes("--json" as Bytes);
}

/** What an invalid command line was likely meant to be, or where to read on. */
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
