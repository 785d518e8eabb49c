/** Numbers as C writes them. */
const NUMBER =
  /^[ \t\n\r]*\+?(?:0x(?<hex>[0-9a-f]+)|0b(?<binary>[01]+)|0o?(?<octal>[0-7]+)|(?<decimal>0|[1-9]\d*))$/i;

/** An unsigned number as C writes it: decimal, 0x1f, 017, 0o17 or 0b11; undefined where it is none. */
export function parseCNumber(text: string): number | undefined {
  const groups = NUMBER.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { hex, binary, octal, decimal } = groups;
  if (hex !== undefined) return Number.parseInt(hex, 16);
  if (binary !== undefined) return Number.parseInt(binary, 2);
  return octal === undefined ? Number(decimal) : Number.parseInt(octal, 8);
}
