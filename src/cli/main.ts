/** The entry of the program: finds the command and runs it. */
import type { ProgramStart } from "./options.js";
import { DROP_IN, runCommand, type Streams, startOf, withStreams } from "./run-command.js";
import { commandNamed } from "./table.js";

/** Runs the command line and returns the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  return start(startOf(argv));
}

export function start(how: ProgramStart): Promise<number> {
  return withStreams((streams) => dispatch(how, streams));
}

async function dispatch(how: ProgramStart, streams: Streams): Promise<number> {
  if (how.startedAs === DROP_IN) {
    const { tmpfiles } = await import("./commands/tmpfiles.js");
    return runCommand(tmpfiles, DROP_IN, how.args, { how, ...streams });
  }
  const [name, ...rest] = how.args;
  const entry = name === undefined ? undefined : commandNamed(name);
  if (entry !== undefined) return runCommand(await entry.load(), `mayfly ${name}`, rest, { how, ...streams });
  const { topLevel: front } = await import("./top-level-help.js");
  return front(how.args, streams.stdout, streams.stderr);
}
