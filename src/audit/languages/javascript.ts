/** Lowers JavaScript and TypeScript. */
import { ProgramBuilder, unknown } from "../program/builder.js";
import type { Expression, Parameter, SourceProgram } from "../program/program.js";
import { child, named, type SyntaxNode } from "../syntax/tree.js";
import { unescaped } from "./escapes.js";
import { memberName, propertyName } from "./javascript-names.js";

export function lowerJavaScript(root: SyntaxNode): SourceProgram {
  const builder = new ProgramBuilder();
  new JavaScriptLowering(builder).statement(root);
  return builder.program();
}

const ARMS = new Set([
  "else_clause",
  "for_statement",
  "for_in_statement",
  "while_statement",
  "do_statement",
  "switch_case",
  "switch_default",
  "catch_clause",
]);
const FUNCTIONS =
  /^(function_declaration|function_expression|function|arrow_function|method_definition|generator_function_declaration|generator_function)$/;
const EXPRESSION =
  /_expression$|^(string|template_string|identifier|object|array|await_expression|class|this|number|true|false|null|undefined|regex)$/;
const UNWRAPPED = new Set([
  "await_expression",
  "parenthesized_expression",
  "as_expression",
  "satisfies_expression",
  "non_null_expression",
  "spread_element",
  "type_assertion",
]);

class JavaScriptLowering {
  readonly #builder: ProgramBuilder;
  /** The class whose body is lowered, outside its methods. */
  #class: string | undefined;

  constructor(builder: ProgramBuilder) {
    this.#builder = builder;
  }

  statement(node: SyntaxNode): void {
    const { type } = node;
    if (FUNCTIONS.test(type)) this.#function(node, child(node, "name")?.text);
    else if (/^class(_declaration|_expression)?$/.test(type) && node.named) this.#classBody(node);
    else if (type === "variable_declarator") this.#declarator(node);
    else if (/^(public_)?field_definition$/.test(type)) this.#field(node);
    else if (type === "return_statement") {
      const [value] = named(node);
      if (value !== undefined) this.#builder.returns(this.value(value));
    } else if (type === "if_statement") this.#conditional(node);
    else if (ARMS.has(type)) this.#builder.inArm(() => this.#children(node));
    else if (EXPRESSION.test(type)) this.value(node);
    else this.#children(node);
  }

  #children(node: SyntaxNode): void {
    for (const each of node.children) if (each.named) this.statement(each);
  }

  #classBody(node: SyntaxNode): void {
    const outer = this.#class;
    this.#class = child(node, "name")?.text;
    this.#children(node);
    this.#class = outer;
  }

  #conditional(node: SyntaxNode): void {
    for (const each of node.children) {
      if (!each.named) continue;
      if (each.field === "condition") this.statement(each);
      else this.#builder.inArm(() => this.statement(each));
    }
  }

  #function(node: SyntaxNode, name: string | undefined): void {
    const patterns: { readonly pattern: SyntaxNode; readonly name: string; readonly after: number }[] = [];
    const single = child(node, "parameter");
    const list = single === undefined ? named(child(node, "parameters")) : [single];
    const params = list.map((each, index): Parameter => {
      const target = child(each, "pattern") ?? child(each, "left") ?? each;
      const fallback = child(each, "value") ?? child(each, "right");
      const own = target.type === "identifier" ? target.text : `{${index}}`;
      if (target.type === "object_pattern") patterns.push({ pattern: target, name: own, after: each.end });
      return { name: own, ...(fallback === undefined ? {} : { fallback: this.value(fallback) }) };
    });
    const body = child(node, "body");
    const owner = this.#class;
    this.#class = undefined;
    const scope = this.#builder.inFunction(name, params, () => {
      for (const { pattern, name: own, after } of patterns) this.#destructure(pattern, own, after);
      if (body === undefined) return;
      if (body.type === "statement_block") this.#children(body);
      else this.#builder.returns(this.value(body));
    });
    this.#class = owner;
    if (name === "constructor" && owner !== undefined) this.#builder.alias(owner, scope);
  }

  #declarator(node: SyntaxNode): void {
    const target = child(node, "name");
    const value = child(node, "value");
    if (target === undefined || value === undefined) return;
    if (FUNCTIONS.test(value.type)) {
      this.#function(value, target.text);
      return;
    }
    const expression = this.value(value);
    if (target.type === "object_pattern") {
      const whole = `{${node.start}}`;
      this.#builder.bind(whole, expression, node.start);
      this.#destructure(target, whole, node.end);
    } else if (target.type === "identifier") this.#builder.bind(target.text, expression, node.end);
  }

  /** `{ a, b: c, d = 1 }` of the value that is bound to `whole`. */
  #destructure(pattern: SyntaxNode, whole: string, after: number): void {
    for (const each of named(pattern)) {
      const assigned = each.type === "object_assignment_pattern" ? each : child(each, "value");
      const fallback = assigned === undefined ? undefined : child(assigned, "right");
      const target = child(assigned, "left") ?? assigned ?? each;
      const key = propertyName(child(each, "key") ?? child(each, "left") ?? each);
      const member: Expression = { kind: "name", name: `${whole}.${key}`, at: each.start };
      const value: Expression =
        fallback === undefined
          ? member
          : { kind: "choice", of: [member, this.value(fallback)], at: each.start };
      if (/identifier/.test(target.type)) this.#builder.bind(target.text, value, after);
    }
  }

  #field(node: SyntaxNode): void {
    const name = child(node, "name") ?? child(node, "property");
    const value = child(node, "value");
    if (name === undefined || value === undefined) return;
    if (FUNCTIONS.test(value.type)) this.#function(value, name.text);
    else this.#builder.bind(`this.${name.text}`, this.value(value), node.end, { scope: this.#builder.top });
  }

  value(node: SyntaxNode): Expression {
    const at = node.start;
    if (UNWRAPPED.has(node.type)) return this.value(named(node)[0] ?? { ...node, type: "" });
    if (FUNCTIONS.test(node.type)) {
      this.#function(node, child(node, "name")?.text);
      return unknown("", at);
    }
    switch (node.type) {
      case "string":
        return { kind: "text", text: unescaped(node.text.slice(1, -1)), at };
      case "number":
        return { kind: "text", text: node.text, at };
      case "true":
      case "false":
        return { kind: "text", text: node.text, at };
      case "template_string":
        return this.#template(node);
      case "identifier":
      case "this":
        return { kind: "name", name: node.text, at };
      case "member_expression":
      case "subscript_expression":
        return this.#member(node);
      case "call_expression":
      case "new_expression":
        return this.#call(node);
      case "binary_expression":
        return this.#binary(node);
      case "ternary_expression":
        return this.#ternary(node);
      case "assignment_expression":
      case "augmented_assignment_expression":
        return this.#assignment(node);
      case "object":
        return this.#object(node);
      case "array":
        return { kind: "list", items: named(node).map((each) => this.value(each)), at };
      case "sequence_expression": {
        const values = named(node).map((each) => this.value(each));
        return values.at(-1) ?? unknown("", at);
      }
      default:
        this.#children(node);
        return unknown(node.text.slice(0, 30), at);
    }
  }

  #template(node: SyntaxNode): Expression {
    const parts = named(node).map((each): Expression => {
      const at = each.start;
      if (each.type !== "template_substitution") return { kind: "text", text: unescaped(each.text), at };
      const [inner] = named(each);
      return inner === undefined ? unknown("", at) : this.value(inner);
    });
    return { kind: "join", parts, at: node.start };
  }

  #member(node: SyntaxNode): Expression {
    const base = child(node, "object");
    if (base !== undefined && !/identifier|^this$/.test(base.type)) this.value(base);
    const name = memberName(node);
    return name === undefined
      ? unknown(node.text.slice(0, 40), node.start)
      : { kind: "name", name, at: node.start };
  }

  #binary(node: SyntaxNode): Expression {
    const [left, right] = [child(node, "left"), child(node, "right")];
    const of = [left, right].filter((each) => each !== undefined).map((each) => this.value(each));
    const operator = child(node, "operator")?.type;
    if (operator === "+") return { kind: "join", parts: of, at: node.start };
    if (operator === "||" || operator === "??" || operator === "&&")
      return { kind: "choice", of, at: node.start };
    return unknown(node.text.slice(0, 60), node.start);
  }

  #ternary(node: SyntaxNode): Expression {
    const condition = child(node, "condition");
    if (condition !== undefined) this.value(condition);
    const of = ["consequence", "alternative"].flatMap((field) => child(node, field) ?? []);
    return { kind: "choice", of: of.map((each) => this.value(each)), at: node.start };
  }

  #assignment(node: SyntaxNode): Expression {
    const [left, right] = [child(node, "left"), child(node, "right")];
    if (left === undefined || right === undefined) return unknown("", node.start);
    const name = memberName(left);
    if (FUNCTIONS.test(right.type)) {
      this.#function(right, name?.slice(name.lastIndexOf(".") + 1));
      return unknown("", node.start);
    }
    const value = this.value(right);
    if (left.type === "member_expression") this.value(left);
    if (name === undefined) return value;
    const operator = child(node, "operator")?.type ?? "=";
    const appended = operator === "+=";
    const scope = this.#ownerOf(name);
    this.#builder.bind(name, value, node.end, { appended, scope });
    if (name.includes(".") && scope !== this.#builder.top)
      this.#builder.bind(name, value, node.end, { appended, scope: this.#builder.top });
    return value;
  }

  /** The scope that declares a name; members belong to where they are assigned. */
  #ownerOf(name: string) {
    const { scope, top } = this.#builder;
    for (let each = scope; ; ) {
      if (each.bindings.has(name) || each.params.some((param) => param.name === name)) return each;
      if (each.parent === undefined) return name.includes(".") ? scope : top;
      each = each.parent;
    }
  }

  /** What is spread into an object may have any of its fields, as what is assigned to it. */
  #object(node: SyntaxNode): Expression {
    const fields = new Map<string, Expression>();
    const others: Expression[] = [];
    for (const each of named(node)) {
      const key = child(each, "key");
      const value = child(each, "value");
      if (each.type === "spread_element") others.push(this.value(each));
      else if (each.type === "shorthand_property_identifier")
        fields.set(each.text, { kind: "name", name: each.text, at: each.start });
      else if (each.type === "method_definition") this.statement(each);
      else if (key !== undefined && value !== undefined) {
        if (FUNCTIONS.test(value.type)) this.#function(value, propertyName(key));
        else fields.set(propertyName(key), this.value(value));
      }
    }
    const own: Expression = { kind: "object", fields, at: node.start };
    return others.length === 0 ? own : { kind: "choice", of: [own, ...others], at: node.start };
  }

  #call(node: SyntaxNode): Expression {
    const callee = child(node, "function") ?? child(node, "constructor");
    const base = callee?.type === "member_expression" ? child(callee, "object") : undefined;
    const receiver = base === undefined ? undefined : this.value(base);
    if (callee !== undefined && FUNCTIONS.test(inner(callee).type)) this.value(inner(callee));
    const args = named(child(node, "arguments")).map((each) => this.value(each));
    const name = memberName(inner(callee)) ?? `?.${child(callee, "property")?.text ?? ""}`;
    const call = this.#builder.call({
      callee: name,
      args,
      at: node.start,
      end: node.end,
      checked: true,
      ...(receiver === undefined ? {} : { receiver }),
    });
    return { kind: "call", call, at: node.start };
  }
}

/** `(0, fs_1.writeFileSync)`, as compilers write it. */
function inner(node: SyntaxNode): SyntaxNode;
function inner(node: SyntaxNode | undefined): SyntaxNode | undefined;
function inner(node: SyntaxNode | undefined): SyntaxNode | undefined {
  if (node?.type !== "parenthesized_expression" && node?.type !== "sequence_expression") return node;
  return inner(named(node).at(-1));
}
