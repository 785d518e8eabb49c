/** Commands that other languages start: a text for the shell, or a list of arguments. */
import type { Expression } from "../program/program.js";
import type { Use } from "../source/use.js";

/** The use of a command: a text as it is, a list as words. */
export function commandOf(command: Expression | undefined, args: readonly Expression[] = []): readonly Use[] {
  if (command === undefined) return [];
  const words = command.kind === "list" ? [...command.items, ...args] : [command, ...args];
  const [first, ...rest] = words.flatMap((each) => (each.kind === "list" ? each.items : [each]));
  if (first === undefined) return [];
  if (rest.length === 0 && command.kind !== "list") return [{ action: "command", path: first }];
  return [{ action: "command", path: spaced([first, ...rest]) }];
}

function spaced(words: readonly Expression[]): Expression {
  const at = words[0]?.at ?? 0;
  const separated = words.flatMap((word): Expression[] => [{ kind: "text", text: " ", at }, ...quoted(word)]);
  return { kind: "join", parts: separated.slice(1), at };
}

/** A word is one argument, whatever is in it; a shell's script after -c is quoted as a whole. */
function quoted(word: Expression): Expression[] {
  const { at } = word;
  if (word.kind === "text") {
    const plain = /^[\w./=:@%+,~-]*$/.test(word.text);
    return [{ kind: "text", text: plain ? word.text : `'${word.text.replaceAll("'", "'\\''")}'`, at }];
  }
  return [{ kind: "text", text: '"', at }, word, { kind: "text", text: '"', at }];
}
