/** The definition of a rule of check, and of its findings. */
import type { Bytes } from "../../base/bytes.js";
import type { Severity } from "../../base/errors.js";
import type { Source } from "../../base/events.js";
import { splitWords } from "../syntax/lex.js";
import { FIELDS, type Field } from "../syntax/line.js";
import type { Configuration } from "./configuration.js";

/** A possible mistake in a line that systemd-tmpfiles accepts. */
export interface Rule {
  /** Stable, for programs and for `--ignore`. */
  readonly code: string;
  readonly severity: Extract<Severity, "error" | "warning" | "info">;
  readonly title: string;
  /** What happens because of it. */
  readonly why: string;
  /** What to write instead. */
  readonly fix: string;
  /** @internal */
  readonly find: (configuration: Configuration) => Iterable<Spot>;
}

/** The location and description of a finding. */
export interface Spot {
  readonly source: Source;
  readonly field: Field;
  /** An offset in the field. */
  readonly at?: number;
  /** The description of this line, for people. */
  readonly detail: string;
  /** These replace the rule's own in this line. */
  readonly severity?: Rule["severity"];
  readonly fix?: string;
}

/** The content of a field of a line, unquoted; undefined if the line does not have it. */
export function fieldOf(source: Source, field: Field): Bytes | undefined {
  const words = splitWords(source.text, FIELDS.length - 1);
  return Array.isArray(words) ? words[FIELDS.indexOf(field)] : undefined;
}
