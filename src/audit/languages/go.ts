/** Lowers Go. */
import { ProgramBuilder, unknown } from "../program/builder.js";
import type { Expression, Parameter, SourceProgram } from "../program/program.js";
import { child, fieldChildren, named, type SyntaxNode } from "../syntax/tree.js";
import { unescaped } from "./escapes.js";

export function lowerGo(root: SyntaxNode): SourceProgram {
  const builder = new ProgramBuilder();
  new GoLowering(builder).statement(root);
  return builder.program();
}

const ARMS = new Set(["for_statement", "expression_case", "type_case", "default_case", "communication_case"]);
const EXPRESSION =
  /^(call_expression|selector_expression|identifier|.*_literal|binary_expression|unary_expression|parenthesized_expression|index_expression|type_assertion_expression|type_conversion_expression|expression_list)$/;

class GoLowering {
  readonly #builder: ProgramBuilder;

  constructor(builder: ProgramBuilder) {
    this.#builder = builder;
  }

  statement(node: SyntaxNode): void {
    const { type } = node;
    if (type === "function_declaration" || type === "method_declaration")
      this.#function(node, child(node, "name")?.text);
    else if (/^(const_spec|var_spec)$/.test(type)) this.#assign(fieldChildren(node, "name"), node);
    else if (/^(short_var_declaration|assignment_statement)$/.test(type))
      this.#assign(named(child(node, "left")), node);
    else if (type === "return_statement") this.#return(node);
    else if (type === "if_statement") this.#conditional(node);
    else if (ARMS.has(type)) this.#builder.inArm(() => this.#children(node));
    else if (EXPRESSION.test(type)) this.value(node);
    else this.#children(node);
  }

  #children(node: SyntaxNode): void {
    for (const each of node.children) if (each.named) this.statement(each);
  }

  #return(node: SyntaxNode): void {
    const values = named(named(node)[0]).map((each) => this.value(each));
    if (values[0] !== undefined) this.#builder.returns(values[0]);
  }

  #conditional(node: SyntaxNode): void {
    for (const each of node.children) {
      if (!each.named) continue;
      if (each.field === "condition" || each.field === "initializer") this.statement(each);
      else this.#builder.inArm(() => this.statement(each));
    }
  }

  #function(node: SyntaxNode, name: string | undefined): void {
    const params = named(child(node, "parameters")).flatMap((each): Parameter[] => {
      const names = fieldChildren(each, "name");
      return names.length === 0 ? [{ name: "" }] : names.map(({ text }) => ({ name: text }));
    });
    const body = child(node, "body");
    this.#builder.inFunction(name, params, () => {
      if (body !== undefined) this.statement(body);
    });
  }

  #assign(names: readonly SyntaxNode[], node: SyntaxNode): void {
    const right = child(node, "right") ?? child(node, "value");
    if (right === undefined) return;
    const values = named(right).map((each) => this.value(each));
    const appended = child(node, "operator")?.type === "+=";
    const declares = node.type !== "assignment_statement";
    names.forEach((target, index) => {
      // Of several results, the first is the value, and the others are errors.
      const value = values[index] ?? (index === 0 ? values[0] : undefined);
      const name = selector(target);
      if (name === undefined || value === undefined) return;
      this.#builder.bind(name, value, node.end, {
        appended,
        scope: declares ? this.#builder.scope : this.#ownerOf(name),
      });
      if (name.includes(".")) this.#builder.bind(name, value, node.end, { scope: this.#builder.top });
    });
  }

  #ownerOf(name: string) {
    for (let scope = this.#builder.scope; ; scope = scope.parent) {
      const own = scope.bindings.has(name) || scope.params.some((each) => each.name === name);
      if (own || scope.parent === undefined) return own ? scope : this.#builder.scope;
    }
  }

  value(node: SyntaxNode): Expression {
    const at = node.start;
    switch (node.type) {
      case "interpreted_string_literal":
        return { kind: "text", text: unescaped(node.text.slice(1, -1)), at };
      case "raw_string_literal":
        return { kind: "text", text: node.text.slice(1, -1), at };
      case "int_literal":
        return { kind: "text", text: node.text, at };
      case "identifier":
      case "selector_expression": {
        const base = child(node, "operand");
        if (base !== undefined && base.type !== "identifier") this.value(base);
        const name = selector(node);
        return name === undefined ? unknown(node.text.slice(0, 30), at) : { kind: "name", name, at };
      }
      case "call_expression":
        return this.#call(node);
      case "binary_expression": {
        const parts = named(node).map((each) => this.value(each));
        if (child(node, "operator")?.type === "+") return { kind: "join", parts, at };
        return unknown(node.text.slice(0, 60), at);
      }
      case "composite_literal":
        return this.#composite(node);
      case "unary_expression":
      case "parenthesized_expression":
      case "type_conversion_expression":
      case "type_assertion_expression":
      case "literal_element":
        return this.value(child(node, "operand") ?? named(node)[0] ?? { ...node, type: "" });
      case "func_literal":
        this.#function(node, undefined);
        return unknown("", at);
      default:
        this.#children(node);
        return unknown(node.text.slice(0, 30), at);
    }
  }

  #composite(node: SyntaxNode): Expression {
    const fields = new Map<string, Expression>();
    const items: Expression[] = [];
    for (const each of named(child(node, "body"))) {
      const [key, value] = [child(each, "key"), child(each, "value")];
      if (key !== undefined && value !== undefined) fields.set(key.text, this.value(value));
      else items.push(this.value(each));
    }
    const at = node.start;
    return items.length > 0 ? { kind: "list", items, at } : { kind: "object", fields, at };
  }

  #call(node: SyntaxNode): Expression {
    const callee = child(node, "function");
    const base = child(callee, "operand");
    const receiver = base === undefined ? undefined : this.value(base);
    if (callee?.type === "func_literal") this.value(callee);
    const args = named(child(node, "arguments")).map((each) => this.value(each));
    const call = this.#builder.call({
      callee: selector(callee) ?? `?.${child(callee, "field")?.text ?? ""}`,
      args,
      at: node.start,
      end: node.end,
      checked: true,
      ...(receiver === undefined ? {} : { receiver }),
    });
    return { kind: "call", call, at: node.start };
  }
}

/** `a.b.c`. */
function selector(node: SyntaxNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (/identifier$/.test(node.type)) return node.text;
  if (node.type !== "selector_expression") return undefined;
  const base = selector(child(node, "operand"));
  return base === undefined ? undefined : `${base}.${child(node, "field")?.text ?? ""}`;
}
