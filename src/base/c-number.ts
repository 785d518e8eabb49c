/** Parses unsigned integers in C notation. */
const NUMBER =
  /^[ \t\n\r]*\+?(?:0x(?<hex>[0-9a-f]+)|0b(?<binary>[01]+)|0o?(?<octal>[0-7]+)|(?<decimal>0|[1-9]\d*))$/i;

/** An unsigned integer in C notation: decimal, 0x1f, 017, 0o17 or 0b11. Undefined if the text is not a valid number. */
export function parseCNumber(text: string): number | undefined {
  const groups = NUMBER.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { hex, binary, octal, decimal } = groups;
  if (hex !== undefined) return Number.parseInt(hex, 16);
  if (binary !== undefined) return Number.parseInt(binary, 2);
  return octal === undefined ? Number(decimal) : Number.parseInt(octal, 8);
}
