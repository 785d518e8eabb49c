/** The top level: the help of the program, its version, and unknown commands. */
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { closest } from "./closest.js";
import { colors } from "./colors.js";
import { commandHelp } from "./help.js";
import { BAD_USAGE } from "./options.js";
import type { OutputStream } from "./output-stream.js";
import { COMMANDS, commandNamed } from "./table.js";
import { version } from "./version.js";
import { wrap } from "./wrap.js";

/** `mayfly` without a valid command: prints the help, the version, or an error. Returns the exit status. */
export async function topLevel(
  args: readonly Bytes[],
  stdout: OutputStream,
  stderr: OutputStream,
): Promise<number> {
  const [first, second] = args;
  if (first === "--version" || first === "-V" || first === "version") {
    stdout.write(`mayfly ${version()}\n`);
    return 0;
  }
  if (first === "--help" || first === "-h" || (first === "help" && second === undefined)) {
    stdout.write(programHelp(stdout));
    return 0;
  }
  const asked = first === "help" && second !== undefined ? commandNamed(second) : undefined;
  if (asked !== undefined) {
    stdout.write(commandHelp(await asked.load(), stdout));
    return 0;
  }
  stderr.write(
    first === undefined ? programHelp(stderr) : errorLine(first === "help" ? second : first, second),
  );
  return BAD_USAGE;
}

const PURPOSE =
  "Cleans up old temporary files, creates configured ones, and runs commands with a private /tmp.";

function programHelp(output: OutputStream): string {
  const colorize = colors(output);
  const rows = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${colorize("cyan", name.padEnd(12))}${summary}`,
  );
  return `${colorize("bold", "Usage:")} mayfly COMMAND [OPTION]... [OPERAND]...

${wrap(PURPOSE, Math.min(output.columns ?? 80, 100))}

${colorize("bold", "Commands:")}
${rows.join("\n")}

${colorize("bold", "Options:")}
  -h, --help     Show this help
  -V, --version  Show the version

Run 'mayfly COMMAND --help' for help on a command.
`;
}

function errorLine(word: Bytes | undefined, next: Bytes | undefined): string {
  const shown = escapeForDisplay(word ?? ("" as Bytes));
  if (word?.startsWith("-")) {
    const command = next !== undefined && commandNamed(next) ? `mayfly ${next} ${shown}` : undefined;
    const hint =
      command === undefined ? "See 'mayfly --help'." : `Options go after the command: '${command}'.`;
    return `mayfly: unrecognized option '${shown}'. ${hint}\n`;
  }
  const meant = closest(word ?? "", Object.keys(COMMANDS));
  const hint = meant === undefined ? "See 'mayfly --help'." : `Did you mean '${meant}'?`;
  return `mayfly: unknown command '${shown}'. ${hint}\n`;
}
