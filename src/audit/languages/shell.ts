/** Lowers shell scripts: what words mean, which commands run, and where their output goes. */
import { ProgramBuilder, unknown } from "../program/builder.js";
import type { Call, Expression, SourceProgram } from "../program/program.js";
import { child, fieldChildren, named, type SyntaxNode } from "../syntax/tree.js";
import { printed, specialParameter } from "./shell-values.js";

export function lowerShell(root: SyntaxNode): SourceProgram {
  const builder = new ProgramBuilder();
  new ShellLowering(builder).statement(root);
  return builder.program();
}

const POSITIONAL = Array.from({ length: 9 }, (_, index) => ({ name: String(index + 1) }));
/** Code below these runs only if something before it succeeds or fails. */
const ARMS = new Set(["elif_clause", "else_clause", "case_item", "do_group"]);
const NEGATED = new Set(["||", "&&"]);

class ShellLowering {
  readonly #builder: ProgramBuilder;

  constructor(builder: ProgramBuilder) {
    this.#builder = builder;
  }

  statement(node: SyntaxNode, checked = false): void {
    switch (node.type) {
      case "function_definition":
        this.#function(node);
        return;
      case "command":
        this.#command(node, checked);
        return;
      case "variable_assignment":
        this.#assignment(node, false);
        return;
      case "declaration_command":
        this.#declaration(node);
        return;
      case "test_command":
        this.#test(node);
        return;
      case "for_statement":
        this.#for(node);
        return;
      case "file_redirect":
        this.#redirect(node);
        return;
      case "list":
        this.#list(node);
        return;
      case "if_statement":
      case "while_statement":
        this.#conditional(node);
        return;
      case "comment":
      case "heredoc_body":
        return;
      default:
        if (ARMS.has(node.type)) this.#builder.inArm(() => this.#children(node, false));
        else this.#children(node, checked);
    }
  }

  #children(node: SyntaxNode, checked: boolean): void {
    for (const each of node.children) if (each.named) this.statement(each, checked);
  }

  #conditional(node: SyntaxNode): void {
    for (const each of node.children) {
      if (!each.named) continue;
      if (each.field === "condition") this.statement(each, true);
      else this.#builder.inArm(() => this.statement(each));
    }
  }

  #list(node: SyntaxNode): void {
    const [left, right] = named(node);
    if (left !== undefined)
      this.statement(
        left,
        node.children.some(({ type }) => NEGATED.has(type)),
      );
    if (right !== undefined) this.#builder.inArm(() => this.statement(right));
  }

  #function(node: SyntaxNode): void {
    const body = child(node, "body");
    this.#builder.inFunction(child(node, "name")?.text, POSITIONAL, () => {
      if (body !== undefined) this.statement(body);
    });
  }

  #declaration(node: SyntaxNode): void {
    const local = /^(local|declare|typeset)/.test(node.text);
    for (const each of named(node)) if (each.type === "variable_assignment") this.#assignment(each, local);
  }

  #assignment(node: SyntaxNode, local: boolean): void {
    const name = child(node, "name");
    const value = child(node, "value");
    if (name === undefined) return;
    const expression =
      value === undefined ? ({ kind: "text", text: "", at: node.start } as const) : this.word(value);
    const appended = node.children.some(({ type }) => type === "+=");
    const scope =
      local || this.#builder.scope.bindings.has(name.text) ? this.#builder.scope : this.#builder.top;
    this.#builder.bind(name.text, expression, node.end, { appended, scope });
  }

  #for(node: SyntaxNode): void {
    const variable = child(node, "variable");
    const of = fieldChildren(node, "value").map((each) => this.word(each));
    if (variable !== undefined)
      this.#builder.bind(variable.text, { kind: "choice", of, at: node.start }, variable.end, {
        scope: this.#builder.top,
      });
    const body = child(node, "body");
    if (body !== undefined) this.#builder.inArm(() => this.statement(body));
  }

  #test(node: SyntaxNode): void {
    for (const each of named(node)) {
      if (each.type !== "unary_expression") {
        this.#test(each);
        continue;
      }
      const operator = child(each, "operator");
      const operand = named(each).find((other) => other !== operator);
      if (operator === undefined || operand === undefined) continue;
      const args: Expression[] = [
        { kind: "text", text: operator.text, at: operator.start },
        this.word(operand),
      ];
      this.#builder.call({ callee: "test", args, at: each.start, end: each.end, checked: true });
    }
  }

  #redirect(node: SyntaxNode): void {
    const operator = node.children.find((each) => !each.named)?.type ?? ">";
    const destination = child(node, "destination");
    if (destination === undefined) return;
    const args = [this.word(destination)];
    this.#builder.call({ callee: operator, args, at: node.start, end: node.end, checked: false });
  }

  #command(node: SyntaxNode, checked: boolean): Call | undefined {
    const name = child(node, "name");
    for (const each of node.children)
      if (each.type === "file_redirect" || each.type === "herestring_redirect") this.statement(each);
    if (name === undefined) return undefined;
    const callee = this.#nameOf(name);
    const args = fieldChildren(node, "argument").map((each) => this.word(each));
    const call = this.#builder.call({
      callee,
      args: [...(callee === "" ? [this.word(named(name)[0] ?? name)] : []), ...args],
      at: node.start,
      end: node.end,
      checked,
      isCommand: true,
    });
    if (callee === "echo" || callee === "printf") this.#builder.returns(printed(call));
    if (callee === "read") this.#bindRead(args, node);
    if (callee === "mkdir" && checked) this.#ownDirectory(args, node.end);
    return call;
  }

  /** The name of a command that is written out; empty for one that is an expression or a path. */
  #nameOf(name: SyntaxNode): string {
    const { text } = name;
    return /^[\w.[-]+$/.test(text)
      ? text
      : /^\\\w+$/.test(text)
        ? text.slice(1)
        : /^\/(usr\/)?s?bin\/[\w-]+$/.test(text)
          ? text.slice(text.lastIndexOf("/") + 1)
          : "";
  }

  #bindRead(args: readonly Expression[], node: SyntaxNode): void {
    for (const each of args)
      if (each.kind === "text" && !each.text.startsWith("-"))
        this.#builder.bind(each.text, unknown(each.text, node.start), node.end);
  }

  /** If mkdir(1) without -p succeeds, the directory is this script's own. */
  #ownDirectory(args: readonly Expression[], after: number): void {
    if (args.some((each) => each.kind === "text" && /^-\w*p|^--parents/.test(each.text))) return;
    for (const each of args)
      if (each.kind === "name") {
        const own = { kind: "part", part: "private", label: each.name, at: each.at } as const;
        this.#builder.bind(each.name, own, after, { scope: this.#builder.top });
        if (this.#builder.scope !== this.#builder.top) this.#builder.bind(each.name, own, after);
      }
  }

  /** The meaning of a word. Commands in it are lowered too. */
  word(node: SyntaxNode): Expression {
    const at = node.start;
    switch (node.type) {
      case "word":
      case "number":
        return { kind: "text", text: node.text.replaceAll(/\\(.)/g, "$1"), at };
      case "raw_string":
        return { kind: "text", text: node.text.slice(1, -1), at };
      case "ansi_c_string":
        return { kind: "text", text: node.text.slice(2, -1), at };
      case "string_content":
        return { kind: "text", text: node.text.replaceAll(/\\([$`"\\])/g, "$1"), at };
      case "string":
      case "translated_string":
      case "concatenation":
      case "command_name":
        return this.#joined(node);
      case "simple_expansion":
        return variable(node.text.slice(1), at);
      case "expansion":
        return this.#expansion(node);
      case "command_substitution":
        return this.#substitution(node);
      case "array":
        return { kind: "list", items: named(node).map((each) => this.word(each)), at };
      default:
        this.#children(node, false);
        return unknown(node.text.slice(0, 20), at);
    }
  }

  #joined(node: SyntaxNode): Expression {
    // The grammar has no node for a $$ at the end of a word.
    const parts = node.children
      .filter((each) => each.named || (each.type === "$" && node.type === "concatenation"))
      .map((each) => (each.named ? this.word(each) : variable("$", each.start)));
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return only;
    return { kind: "join", parts, at: node.start };
  }

  #expansion(node: SyntaxNode): Expression {
    const at = node.start;
    const [name, ...rest] = named(node).filter(({ field }) => field !== "operator");
    if (name === undefined) return unknown(node.text, at);
    const operator =
      child(node, "operator")?.text ??
      node.children.find((each) => !each.named && /^[:#%/^,@-]/.test(each.type))?.type ??
      "";
    const value = variable(name.text, at);
    const [given] = rest;
    if (/^:?[-=]$/.test(operator)) {
      const fallback: Expression = given === undefined ? { kind: "text", text: "", at } : this.word(given);
      return { kind: "choice", of: [value, fallback], at };
    }
    if (/^:?\+$/.test(operator)) return given === undefined ? unknown(node.text, at) : this.word(given);
    if (operator === "" || /^[%?:^,@]/.test(operator)) return value;
    return { kind: "part", part: "environment", label: name.text, at };
  }

  #substitution(node: SyntaxNode): Expression {
    const at = node.start;
    const first = named(node)[0];
    if (first?.type === "command") {
      const call = this.#command(first, false);
      if (call !== undefined) return { kind: "call", call, at };
    }
    this.#children(node, false);
    if (/random|uuid|mktemp|md5sum|sha\d*sum/.test(node.text) && !/mktemp (-u|--dry)/.test(node.text))
      return { kind: "part", part: "random", label: "random", at };
    if (/\bdate\b/.test(node.text)) return { kind: "part", part: "time", label: "time", at };
    return unknown("$(...)", at);
  }
}

function variable(name: string, at: number): Expression {
  return specialParameter(name, at) ?? { kind: "name", name, at };
}
