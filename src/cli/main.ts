import { type Bytes, basename, bytes, show } from "../base/bytes.js";
import { commandLine } from "./arguments.js";
import { parseOptions } from "./getopt.js";
import { BAD_USAGE, type Command, HELP, type Option, UsageError, type Values } from "./options.js";
import { openSink, type Sink } from "./sink.js";
import { commandNamed } from "./table.js";

interface Streams {
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** Runs the command line and returns the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const streams = { stdout: openSink(1), stderr: openSink(2) };
  try {
    return await dispatch(basename(bytes(argv[1] ?? "")), commandLine(argv), streams);
  } finally {
    streams.stdout.flush();
    streams.stderr.flush();
  }
}

async function dispatch(startedAs: Bytes, args: readonly Bytes[], streams: Streams): Promise<number> {
  if (startedAs === "systemd-tmpfiles") {
    return run((await import("./commands/tmpfiles.js")).tmpfiles, startedAs, args, streams);
  }
  const [name, ...rest] = args;
  const entry = name === undefined ? undefined : commandNamed(name);
  if (entry !== undefined) return run(await entry.load(), `mayfly ${name}`, rest, streams);
  const { front } = await import("./front.js");
  return front(args, streams.stdout, streams.stderr);
}

async function run(
  command: Command,
  program: string,
  args: readonly Bytes[],
  { stdout, stderr }: Streams,
): Promise<number> {
  const table = command.options.some((option) => option.name === "help")
    ? command.options
    : [...command.options, HELP];
  try {
    const style = { stopsAtOperand: command.stopsAtOperand ?? false, halt: ["help", "version"] };
    const { options, operands } = parseOptions(table, args, style);
    if (options.help === true && !command.options.some((option) => option.name === "help")) {
      const { commandHelp } = await import("./help.js");
      stdout.write(commandHelp(command, stdout));
      return 0;
    }
    const values = options as Values<readonly Option[]>;
    return await command.main({ program, options: values, operands, stdout, stderr });
  } catch (error) {
    stderr.write(`${program}: ${messageOf(error)}\n`);
    return error instanceof UsageError ? (command.usageStatus ?? BAD_USAGE) : 1;
  }
}

function messageOf(error: unknown): string {
  if (process.env.MAYFLY_DEBUG && error instanceof Error) return error.stack ?? error.message;
  return error instanceof Error ? error.message : show(bytes(String(error)));
}
