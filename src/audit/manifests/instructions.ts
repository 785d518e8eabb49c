/** Reads container files: the instructions of a Dockerfile or Containerfile. */

export interface Instruction {
  /** In capitals. */
  readonly name: string;
  /** What follows the name. Continued lines, comments in them, and here-documents keep their offsets. */
  readonly text: string;
  readonly at: number;
  readonly end: number;
  /** The number of the FROM before it. */
  readonly stage: number;
}

const START = /^([ \t]*)([A-Za-z]+)([ \t]+|$)/;

export function parseInstructions(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  const marker = /^#[ \t]*escape[ \t]*=[ \t]*(\S)/im.exec(text.slice(0, 200))?.[1] ?? "\\";
  let stage = 0;
  for (let at = 0; at < text.length; ) {
    const end = lineEnd(text, at);
    const line = text.slice(at, end);
    const match = /^[ \t]*#/.test(line) ? null : START.exec(line);
    if (match === null) {
      at = end + 1;
      continue;
    }
    const name = (match[2] ?? "").toUpperCase();
    if (name === "FROM") stage++;
    const last = instructionEnd(text, at, marker);
    const start = at + match[0].length;
    const body = unbroken(text.slice(start, last), marker);
    instructions.push({ name, text: body, at: at + (match[1] ?? "").length, end: last, stage });
    at = last + 1;
  }
  return instructions;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** Past the continued lines, and past the here-documents that the instruction begins. */
function instructionEnd(text: string, start: number, marker: string): number {
  let end = lineEnd(text, start);
  while (end < text.length && continues(text, start, end, marker)) end = lineEnd(text, end + 1);
  for (const [, word = ""] of text.slice(start, end).matchAll(/<<-?["']?([A-Za-z_]\w*)["']?/g)) {
    const close = new RegExp(`^\\t*${word}\\r?$`, "m").exec(text.slice(end + 1));
    if (close !== null) end = end + 1 + close.index + close[0].length;
  }
  return end;
}

/** Whether the line that ends here continues; comments and empty lines between continued lines do not end them. */
function continues(text: string, start: number, end: number, marker: string): boolean {
  const from = Math.max(start, text.lastIndexOf("\n", end - 1) + 1);
  const line = text.slice(from, end).trimEnd();
  return line.endsWith(marker) || (from > start && /^\s*(#.*)?$/.test(line));
}

/** The same length, with blanks for the escapes at the ends of lines, their newlines and comments. */
function unbroken(text: string, marker: string): string {
  const lines = text.split("\n");
  const continued = lines.map((line, index) => {
    if (index > 0 && /^\s*#/.test(line)) return { kept: " ".repeat(line.length), joins: true };
    const joins = line.trimEnd().endsWith(marker);
    return { kept: joins ? line.trimEnd().slice(0, -1).padEnd(line.length) : line, joins };
  });
  const last = lines.length - 1;
  return continued
    .map(({ kept, joins }, index) => (index === last ? kept : `${kept}${joins ? " " : "\n"}`))
    .join("");
}
