/** Escape sequences in the string literals of C and the languages that follow it. */

const LETTERS: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0" };

export function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(/\\(x[0-9a-fA-F]{2}|[\s\S])/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (LETTERS[code] ?? code),
  );
}
