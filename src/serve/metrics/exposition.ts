/** Parses the samples of Prometheus' text format, as far as Mayfly itself writes it. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/gy;
const UNESCAPED: Readonly<Record<string, string>> = { "\\\\": "\\", "\\n": "\n", '\\"': '"' };

/** The samples of a text. Comments, and lines in another form, are ignored. */
export function parseExposition(text: string): Sample[] {
  return text.split("\n").flatMap((line) => sampleOf(line) ?? []);
}

function sampleOf(line: string): Sample | undefined {
  const [, name, labelText = "", valueText] = SAMPLE.exec(line) ?? [];
  const labels = labelsOf(labelText);
  const value = Number(valueText);
  if (name === undefined || labels === undefined || !Number.isFinite(value)) return undefined;
  return { name, labels, value };
}

function labelsOf(text: string): Record<string, string> | undefined {
  const labels: [string, string][] = [];
  let end = 0;
  for (const { 0: whole, 1: name = "", 2: value = "", index } of text.matchAll(LABEL)) {
    end = index + whole.length;
    labels.push([name, value.replace(/\\./g, (sequence) => UNESCAPED[sequence] ?? sequence)]);
  }
  return end === text.length ? Object.fromEntries(labels) : undefined;
}
