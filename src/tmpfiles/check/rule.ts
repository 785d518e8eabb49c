/** What a rule of check is, and what it finds. */
import type { Bytes } from "../../base/bytes.js";
import type { Severity } from "../../base/errors.js";
import type { Source } from "../../base/events.js";
import { splitWords } from "../syntax/lex.js";
import { FIELDS, type Field } from "../syntax/line.js";
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
  readonly fix: string;
  readonly find: (configuration: Configuration) => Iterable<Spot>;
}

/** Where a rule found something, and what. */
export interface Spot {
  readonly source: Source;
  readonly field: Field;
  /** An offset in the field. */
  readonly at?: number;
  /** What it is in this line, for a person. */
  readonly detail: string;
  /** Instead of the rule's own, if they are other ones in this line. */
  readonly severity?: Rule["severity"];
  readonly fix?: string;
}

/** What a field of a line holds, unquoted; undefined where it has none. */
export function fieldOf(source: Source, field: Field): Bytes | undefined {
  const words = splitWords(source.text, FIELDS.length - 1);
  return Array.isArray(words) ? words[FIELDS.indexOf(field)] : undefined;
}
