/** What a call does with a path, and what a language must know for the analysis to see it. */
import type { TextEdit } from "../finding.js";
import type { GrammarName } from "../grammars.js";
import type { Call, Expression, SourceProgram } from "../program/program.js";
import type { SyntaxNode } from "../syntax/tree.js";
import type { Knowledge } from "../values/evaluate.js";

export type Action =
  | "create"
  | "directory"
  | "change"
  | "remove"
  | "read"
  | "execute"
  | "lock"
  | "socket"
  | "fifo"
  /** The call returns a name that it does not create. */
  | "race"
  /** Others may read or write what is created. */
  | "open-mode"
  /** Asks whether the path exists, or about its owner. */
  | "check"
  /** `path` is the text of a shell command. */
  | "command"
  /** $TMPDIR in a privileged program. */
  | "privileged";

export interface Use {
  readonly action: Action;
  /** What decides whether `path` is opened for reading or for writing, as for fopen(3). */
  readonly mode?: Expression;
  /** Undefined if the call is unsafe whatever its arguments are. */
  readonly path?: Expression;
}

/** What a shell command does with a path, as text. */
export interface CommandUse {
  readonly action: Action;
  readonly path: string;
}

export interface Language {
  readonly name: string;
  readonly grammar: GrammarName;
  /** What comments begin with, for suppressions. */
  lower(root: SyntaxNode, text: string): SourceProgram;
  readonly knowledge: Omit<Knowledge, "constants">;
  uses(call: Call, text: string): readonly Use[];
  /** The edits that a machine can make safely, by their first byte. */
  fixes?(program: SourceProgram, text: string): ReadonlyMap<number, TextEdit>;
}
