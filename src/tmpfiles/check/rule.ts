/** What a rule of check is, and what it finds. */
import type { Bytes } from "../../base/bytes.js";
import type { Severity } from "../../base/errors.js";
import type { Source } from "../../base/events.js";
import { splitWords } from "../config/lex.js";
import { FIELDS, type Field } from "../config/line.js";
import type { Configuration } from "./configuration.js";

/** One thing that can be wrong with a line that systemd-tmpfiles accepts. */
export interface Rule {
  /** Stable, for programs and for `--ignore`. */
  readonly code: string;
  readonly severity: Extract<Severity, "error" | "warning" | "info">;
  readonly title: string;
  /** What happens because of it. */
  readonly why: string;
  /** What to write instead. */
  readonly wayOut: string;
  readonly find: (configuration: Configuration) => Iterable<Spot>;
}

/** A place where a rule found something, and what. */
export interface Spot {
  readonly source: Source;
  readonly field: Field;
  /** An offset in the field. */
  readonly at?: number;
  /** What it is in this line, for a person. */
  readonly detail: string;
  /** Replace the rule's own for this line. */
  readonly severity?: Rule["severity"];
  readonly wayOut?: string;
}

/** The text of a field, unquoted; undefined if the line does not have it. */
export function fieldOf(source: Source, field: Field): Bytes | undefined {
  const words = splitWords(source.text, FIELDS.length - 1);
  return Array.isArray(words) ? words[FIELDS.indexOf(field)] : undefined;
}
