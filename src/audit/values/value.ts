/** Values of the analysis: the parts of a path, and how they came together. */
import type { PartKind } from "../program/program.js";

export interface ValuePart {
  readonly kind: PartKind | "text";
  /** The text, or a label for the reader. */
  readonly text: string;
}

/** A step of a value on its way, by its offset in the file that is analyzed; `elsewhere` names another file. */
export interface ValueStep {
  readonly at: number;
  readonly message: string;
  readonly elsewhere?: ForeignPlace;
}

export interface ForeignPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Value {
  readonly parts: readonly ValuePart[];
  readonly steps: readonly ValueStep[];
}

/** Alternatives beyond this number are dropped. */
const MOST_ALTERNATIVES = 8;

export function textValue(text: string, at: number): Value {
  const step = /\/tmp|\/shm/.test(text) ? [{ at, message: `'${text}' is fixed` }] : [];
  return { parts: [{ kind: "text", text }], steps: step };
}

export function union(values: readonly (readonly Value[])[]): Value[] {
  return values.flat().slice(0, MOST_ALTERNATIVES);
}

/** Every combination of the alternatives of each part. */
export function concatenated(parts: readonly (readonly Value[])[]): Value[] {
  let all: Value[] = [{ parts: [], steps: [] }];
  for (const alternatives of parts.slice(0, MOST_PARTS)) {
    all = all
      .flatMap((left) => alternatives.map((right) => combined(left, right)))
      .slice(0, MOST_ALTERNATIVES);
  }
  return all;
}

/** No path or command has so many parts; a value that grows further would take memory without end. */
const MOST_PARTS = 200;

function combined(left: Value, right: Value): Value {
  if (left.parts.length + left.steps.length > MOST_PARTS) return left;
  return { parts: [...left.parts, ...right.parts], steps: [...left.steps, ...right.steps] };
}

export function withStep(values: readonly Value[], step: ValueStep): Value[] {
  return values.map(({ parts, steps }) => ({ parts, steps: [...steps.slice(0, MOST_PARTS), step] }));
}
