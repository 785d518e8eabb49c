/** A program as the value analysis sees it, whatever its language: what names mean, and which calls are made. */

/** An expression, as far as it can be part of a path. `at` is its first byte. */
export type Expression =
  | { readonly kind: "text"; readonly text: string; readonly at: number }
  /** Joined as they are, or as components of a path. */
  | { readonly kind: "join" | "path"; readonly parts: readonly Expression[]; readonly at: number }
  /** printf(3) and its relatives. */
  | {
      readonly kind: "format";
      readonly template: Expression;
      readonly args: readonly Expression[];
      readonly at: number;
    }
  /** A variable, or a member such as `self.path`. */
  | { readonly kind: "name"; readonly name: string; readonly at: number }
  | { readonly kind: "call"; readonly call: Call; readonly at: number }
  | { readonly kind: "choice"; readonly of: readonly Expression[]; readonly at: number }
  | { readonly kind: "object"; readonly fields: ReadonlyMap<string, Expression>; readonly at: number }
  | { readonly kind: "list"; readonly items: readonly Expression[]; readonly at: number }
  /** Another expression whose value is this part of a path; `label` shows it to the reader. */
  | { readonly kind: "part"; readonly part: PartKind; readonly label: string; readonly at: number };

/**
 * What is known about a part of a path that is not text. `directory` is the shared temporary directory, from a variable or a
 * function; `private` is a path that only this program could create; `unknown` is what a caller or input decides.
 */
export type PartKind =
  | "pid"
  | "time"
  | "weak"
  | "random"
  | "private"
  | "directory"
  | "environment"
  | "unknown";

/** Which arms of conditional code something is in, from the outermost in. */
export type Arms = readonly number[];

export interface Call {
  readonly callee: string;
  readonly args: readonly Expression[];
  /** Named arguments. */
  readonly named: ReadonlyMap<string, Expression>;
  readonly at: number;
  readonly end: number;
  readonly scope: Scope;
  readonly arms: Arms;
  /** The code does something with the result, such as comparing it with an error. */
  readonly checked: boolean;
  /** A command of the shell, not a function. */
  readonly isCommand?: true;
  /** The object of a method call. */
  readonly receiver?: Expression;
}

/** An assignment: from `after` on, the name has this value. */
export interface Binding {
  readonly value: Expression;
  readonly after: number;
  readonly arms: Arms;
  /** The function that makes the assignment: there, the names in `value` have their meaning. */
  readonly within: Scope;
  /** The value is appended to the former one. */
  readonly appended: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly fallback?: Expression;
}

/** The names of a function, or of the file. */
export interface Scope {
  readonly name: string | undefined;
  /** Other names by which it is called. */
  readonly aliases: string[];
  readonly parent: Scope | undefined;
  readonly params: Parameter[];
  readonly bindings: Map<string, Binding[]>;
  readonly returns: Expression[];
}

export interface SourceProgram {
  readonly top: Scope;
  /** The functions of the file by name; methods by their own name. */
  readonly functions: ReadonlyMap<string, Scope>;
  /** In the order of the text. */
  readonly calls: readonly Call[];
}
