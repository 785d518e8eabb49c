/** Lowers C and C++: declarations, assignments, the functions that write to buffers, and macros. */
import { ProgramBuilder, unknown } from "../program/builder.js";
import type { Call, Expression, Parameter, SourceProgram } from "../program/program.js";
import { child, named, type SyntaxNode } from "../syntax/tree.js";
import { bindBuffers } from "./c-buffers.js";
import { unescaped } from "./escapes.js";

export function lowerC(root: SyntaxNode): SourceProgram {
  const builder = new ProgramBuilder();
  new CLowering(builder).statement(root);
  return builder.program();
}

/** Statements whose bodies may not be executed. */
const CONDITIONAL = new Set([
  "if_statement",
  "while_statement",
  "for_statement",
  "switch_statement",
  "do_statement",
  "for_range_loop",
  "try_statement",
]);
const CONDITIONS = new Set(["condition", "initializer", "update", "value", "right"]);

class CLowering {
  readonly #builder: ProgramBuilder;

  constructor(builder: ProgramBuilder) {
    this.#builder = builder;
  }

  statement(node: SyntaxNode): void {
    switch (node.type) {
      case "function_definition":
        this.#function(node);
        return;
      case "declaration":
      case "field_declaration":
        this.#declaration(node);
        return;
      case "preproc_def":
        this.#macro(node);
        return;
      case "return_statement": {
        const [value] = named(node);
        if (value !== undefined) this.#builder.returns(this.value(value));
        return;
      }
      case "expression_statement":
        for (const each of named(node)) this.value(each, true);
        return;
      case "case_statement":
      case "else_clause":
      case "catch_clause":
        this.#builder.inArm(() => this.#children(node));
        return;
    }
    if (CONDITIONAL.has(node.type)) this.#conditional(node);
    else if (/_expression$|_literal$|^identifier$|^condition_clause$/.test(node.type)) this.value(node);
    else this.#children(node);
  }

  #children(node: SyntaxNode): void {
    for (const each of node.children) if (each.named) this.statement(each);
  }

  #conditional(node: SyntaxNode): void {
    for (const each of node.children) {
      if (!each.named) continue;
      if (each.field !== undefined && CONDITIONS.has(each.field)) this.statement(each);
      else this.#builder.inArm(() => this.statement(each));
    }
  }

  #function(node: SyntaxNode): void {
    const declarator = functionDeclarator(node);
    const body = child(node, "body");
    const params = named(child(declarator, "parameters")).map(
      (each): Parameter => ({ name: declaredName(child(each, "declarator")) ?? "" }),
    );
    this.#builder.inFunction(lastName(declaredName(child(declarator, "declarator"))), params, () => {
      if (body !== undefined) this.#children(body);
    });
  }

  #declaration(node: SyntaxNode): void {
    for (const each of node.children) {
      if (each.field !== "declarator") continue;
      const name = declaredName(each);
      const value =
        child(each, "value") ?? (each.type === "init_declarator" ? undefined : child(node, "default_value"));
      if (name === undefined) continue;
      if (value !== undefined) this.#builder.bind(name, this.value(value), each.end);
      // Without a value, the name is still this function's own.
      else if (this.#builder.scope !== this.#builder.top && each.type !== "function_declarator")
        this.#builder.bind(name, unknown(name, each.start), each.end);
    }
  }

  #macro(node: SyntaxNode): void {
    const name = child(node, "name");
    const value = child(node, "value");
    if (name === undefined || value === undefined) return;
    this.#builder.bind(name.text, macroValue(value), node.end, { scope: this.#builder.top });
  }

  /** The meaning of an expression; calls in it are lowered too. `alone` if its result is not used. */
  value(node: SyntaxNode, alone = false): Expression {
    const at = node.start;
    switch (node.type) {
      case "string_literal":
      case "raw_string_literal":
        return { kind: "text", text: literal(node), at };
      case "char_literal":
      case "number_literal":
        return { kind: "text", text: node.text.replaceAll("'", ""), at };
      case "concatenated_string":
        return { kind: "join", parts: named(node).map((each) => this.value(each)), at };
      case "identifier":
      case "qualified_identifier":
        return nameOf(lastName(node.text) ?? "", at);
      case "field_expression":
        return this.#member(node);
      case "call_expression":
        return this.#call(node, alone);
      case "assignment_expression":
        return this.#assignment(node);
      case "conditional_expression": {
        const condition = child(node, "condition");
        if (condition !== undefined) this.value(condition);
        return this.#choice([child(node, "consequence"), child(node, "alternative")], at);
      }
      case "binary_expression":
        return this.#binary(node);
      case "initializer_list":
        return this.#initializer(node);
      case "cast_expression":
        return this.#only(child(node, "value"), node);
      case "parenthesized_expression":
      case "pointer_expression":
      case "unary_expression":
      case "condition_clause":
      case "comma_expression":
        return this.#only(named(node).at(-1), node);
      case "subscript_expression":
        return this.#only(child(node, "argument"), node);
      default:
        this.#children(node);
        return unknown(node.text.slice(0, 30), at);
    }
  }

  #only(inner: SyntaxNode | undefined, node: SyntaxNode): Expression {
    for (const each of named(node)) if (each !== inner && each.type !== "type_descriptor") this.value(each);
    return inner === undefined ? unknown("", node.start) : this.value(inner);
  }

  #choice(of: readonly (SyntaxNode | undefined)[], at: number): Expression {
    return {
      kind: "choice",
      of: of.filter((each) => each !== undefined).map((each) => this.value(each)),
      at,
    };
  }

  #member(node: SyntaxNode): Expression {
    const argument = child(node, "argument");
    if (argument !== undefined && argument.type !== "identifier") this.value(argument);
    const base = argument?.text.replace(/^\(|\)$/g, "") ?? "";
    return nameOf(
      `${base === "this" ? "this" : base.replaceAll("->", ".")}.${child(node, "field")?.text ?? ""}`,
      node.start,
    );
  }

  #binary(node: SyntaxNode): Expression {
    const [left, right] = [child(node, "left"), child(node, "right")];
    const values = [left, right].filter((each) => each !== undefined).map((each) => this.value(each));
    const operator = child(node, "operator")?.type;
    if (operator === "+") return { kind: "join", parts: values, at: node.start };
    if (operator === "|") return { kind: "part", part: "unknown", label: node.text, at: node.start };
    return unknown(node.text.slice(0, 30), node.start);
  }

  #initializer(node: SyntaxNode): Expression {
    const fields = new Map<string, Expression>();
    const items: Expression[] = [];
    for (const each of named(node)) {
      const value = child(each, "value");
      if (each.type === "initializer_pair" && value !== undefined)
        fields.set(child(each, "designator")?.text.replace(/^\./, "") ?? "", this.value(value));
      else items.push(this.value(each));
    }
    return fields.size > 0
      ? { kind: "object", fields, at: node.start }
      : { kind: "list", items, at: node.start };
  }

  #assignment(node: SyntaxNode): Expression {
    const [left, right] = [child(node, "left"), child(node, "right")];
    if (left === undefined || right === undefined) return unknown("", node.start);
    const value = this.value(right);
    const appended = child(node, "operator")?.type === "+=";
    const target = this.value(left);
    if (target.kind === "name") this.#bind(target.name, value, node.end, appended);
    return value;
  }

  #bind(name: string, value: Expression, after: number, appended: boolean): void {
    const { scope, top } = this.#builder;
    const own =
      scope.bindings.has(name) || scope.params.some((each) => each.name === name) || name.includes(".");
    this.#builder.bind(name, value, after, { appended, scope: own ? scope : top });
    if (name.includes(".") && scope !== top) this.#builder.bind(name, value, after, { appended, scope: top });
  }

  #call(node: SyntaxNode, alone: boolean): Expression {
    const callee = child(node, "function");
    const args = named(child(node, "arguments")).map((each) => this.value(each));
    const method = callee?.type === "field_expression";
    const receiver = method && callee !== undefined ? this.value(callee) : undefined;
    const name = method
      ? (child(callee, "field")?.text ?? "")
      : (lastName(callee?.text.replace(/<.*/s, "")) ?? "");
    const made: Omit<Call, "scope" | "arms" | "named"> = {
      callee: method ? `.${name}` : name,
      args,
      at: node.start,
      end: node.end,
      checked: !alone,
      ...(receiver === undefined ? {} : { receiver }),
    };
    const call = this.#builder.call(made);
    bindBuffers(call, (target, value, appended) => this.#bind(target, value, node.end, appended));
    return { kind: "call", call, at: node.start };
  }
}

function nameOf(name: string, at: number): Expression {
  return { kind: "name", name, at };
}

function lastName(name: string | undefined): string | undefined {
  return name?.slice(name.lastIndexOf(":") + 1);
}

function literal(node: SyntaxNode): string {
  const text = node.text.replace(/^[^"]*/, "");
  if (node.type === "raw_string_literal") return text.replace(/^"[^(]*\(/, "").replace(/\)[^)"]*"$/, "");
  return unescaped(text.slice(1, -1));
}

/** The name that a declarator declares, below its pointers, arrays and initial value. */
function declaredName(node: SyntaxNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (/identifier$/.test(node.type)) return node.text;
  return declaredName(
    child(node, "declarator") ?? named(node).find(({ type }) => /declarator|identifier$/.test(type)),
  );
}

function functionDeclarator(node: SyntaxNode | undefined): SyntaxNode | undefined {
  const inner = child(node, "declarator");
  return inner === undefined || inner.type === "function_declarator" ? inner : functionDeclarator(inner);
}

/** The text that a macro stands for, if it consists of literals and names. */
function macroValue(node: SyntaxNode): Expression {
  const pieces = node.text.matchAll(/"((?:[^"\\]|\\.)*)"|(\w+)|(\S)/g);
  const parts: Expression[] = [];
  for (const { 1: text, 2: name, index } of pieces) {
    const at = node.start + index;
    if (text !== undefined) parts.push({ kind: "text", text: unescaped(text), at });
    else if (name !== undefined) parts.push(nameOf(name, at));
  }
  return { kind: "join", parts, at: node.start };
}
