/** What the auditor reports: a finding, the rule it breaks, and the way of the value from its source to its use. */
import type { Bytes } from "../base/bytes.js";

export type AuditSeverity = "error" | "warning" | "note";

/** A rule. Its id is part of the interface: it never changes and is never used for anything else. */
export interface AuditRule {
  readonly id: string;
  /** The name in SARIF, such as GuessableNameCreated. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly title: string;
  readonly severity: AuditSeverity;
  /** What an attacker gains. */
  readonly risk: string;
  /** What to do instead. */
  readonly fix: string;
  /** The numbers of the CWE entries. */
  readonly cwe: readonly number[];
  /** From 0.0 to 10.0, for viewers of SARIF that sort by it. */
  readonly securitySeverity: string;
}

/** A position in a file; both numbers start at 1, and columns are bytes. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One step of a value from its source to its use. */
export interface PathStep extends Position {
  readonly file: Bytes;
  readonly message: string;
}

/** A change of a file's bytes that fixes a finding: what is `before` becomes `text`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly text: string;
}

export interface AuditFinding extends Position {
  readonly rule: string;
  readonly severity: AuditSeverity;
  readonly file: Bytes;
  readonly endLine: number;
  readonly endColumn: number;
  /** What is wrong here. */
  readonly message: string;
  /** The line's text. */
  readonly text: Bytes;
  /** From where the value comes to where it is used; the last step is the finding's own place. */
  readonly steps: readonly PathStep[];
  /** The same for the same finding, whatever is edited elsewhere in the file. */
  readonly fingerprint: string;
  /** Found by a pattern in a file of a language that is not parsed. */
  readonly unparsed: boolean;
  /** The reason that a comment gives for ignoring it. */
  readonly suppressed?: string;
  /** The change that --fix makes. */
  readonly edit?: TextEdit;
}

/** A file that was not analyzed in full, and why. No file is skipped silently. */
export interface SkippedFile {
  readonly file: Bytes;
  readonly reason: SkipReason;
  /** The error, if there was one. */
  readonly detail?: string;
}

export type SkipReason =
  | "binary"
  | "too-large"
  | "unreadable"
  | "too-slow"
  | "test"
  | "generated"
  | "not-regular"
  /** A manifest that is not YAML, such as a template. */
  | "not-yaml"
  /** The analysis of this file failed: a defect of the auditor. */
  | "failed";
