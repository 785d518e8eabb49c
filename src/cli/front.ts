import { type Bytes, show } from "../base/bytes.js";
import { commandHelp } from "./help.js";
import { BAD_USAGE } from "./options.js";
import type { Sink } from "./sink.js";
import { painter } from "./style.js";
import { COMMANDS, commandNamed } from "./table.js";
import { version } from "./version.js";

/** `mayfly` without a command: its help, its version, or what is wrong. Returns the exit status. */
export async function front(args: readonly Bytes[], stdout: Sink, stderr: Sink): Promise<number> {
  const [first, second] = args;
  if (first === "--version") {
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
  stderr.write(first === undefined ? programHelp(stderr) : complaint(first === "help" ? second : first));
  return BAD_USAGE;
}

/** The help of the program: what commands there are. */
function programHelp(sink: Sink): string {
  const paint = painter(sink);
  const rows = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${paint("cyan", name.padEnd(12))}${summary}`,
  );
  return `${paint("bold", "Usage:")} mayfly COMMAND [OPTION]... [OPERAND]...

Temporary files done right: clean what is old, create what is due, and keep a command's own away from all others.

${paint("bold", "Commands:")}
${rows.join("\n")}

${paint("bold", "Options:")}
  -h, --help     Show this help
      --version  Show the version

Each command has a help of its own: mayfly COMMAND --help
`;
}

function complaint(word: Bytes | undefined): string {
  const kind = word?.startsWith("-") ? "option" : "command";
  const meant = closest(word ?? "");
  const hint = meant === undefined ? "See mayfly --help." : `Did you mean '${meant}'?`;
  return `mayfly: there is no ${kind} '${show(word ?? ("" as Bytes))}'. ${hint}\n`;
}

/** The command that the word was likely meant to be: its beginning, or at most two letters away. */
function closest(word: string): string | undefined {
  const names = Object.keys(COMMANDS);
  const begun = names.filter((name) => name.startsWith(word));
  if (begun.length === 1) return begun[0];
  const near = names.map((name) => ({ name, far: distance(word, name) })).filter(({ far }) => far <= 2);
  return near.sort((a, b) => a.far - b.far)[0]?.name;
}

/** Levenshtein's: insertions, deletions and replacements. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
