/** Lowers Python. */
import { ProgramBuilder, unknown } from "../program/builder.js";
import type { Expression, Parameter, SourceProgram } from "../program/program.js";
import { child, fieldChildren, named, type SyntaxNode } from "../syntax/tree.js";
import { unescaped } from "./escapes.js";

export function lowerPython(root: SyntaxNode, text: string): SourceProgram {
  const builder = new ProgramBuilder();
  new PythonLowering(builder, TOLERATES.test(text)).statement(root);
  return builder.program();
}

/** The file accepts directories that exist already. */
export const TOLERATES =
  /FileExistsError|EEXIST|except (OSError|Exception|IOError)|except:|path\.(exists|isdir)|\.exists\(\)/;

const ARMS = new Set([
  "elif_clause",
  "else_clause",
  "except_clause",
  "finally_clause",
  "for_statement",
  "while_statement",
  "case_clause",
]);
const EXPRESSION =
  /^(call|attribute|subscript|identifier|string|concatenated_string|binary_operator|boolean_operator|conditional_expression|await|list|tuple|dictionary|not_operator|comparison_operator|lambda|parenthesized_expression|named_expression|yield|as_pattern|.*comprehension|generator_expression|set|keyword_argument|expression_list|list_splat)$/;

class PythonLowering {
  readonly #builder: ProgramBuilder;
  readonly #tolerates: boolean;
  /** The class whose body is lowered, outside its methods. */
  #class: string | undefined;

  constructor(builder: ProgramBuilder, tolerates: boolean) {
    this.#builder = builder;
    this.#tolerates = tolerates;
  }

  statement(node: SyntaxNode): void {
    const { type } = node;
    if (type === "class_definition") this.#classBody(node);
    else if (type === "function_definition") this.#function(node);
    else if (type === "assignment" || type === "augmented_assignment") this.#assignment(node);
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
      if (each.field === "condition") this.value(each);
      else this.#builder.inArm(() => this.statement(each));
    }
  }

  #function(node: SyntaxNode): void {
    const params = named(child(node, "parameters"))
      .filter(({ type }) => !/separator/.test(type))
      .map((each): Parameter => {
        const name = child(each, "name") ?? (each.type === "identifier" ? each : named(each)[0]);
        const fallback = child(each, "value");
        return {
          name: name?.text ?? "",
          ...(fallback === undefined ? {} : { fallback: this.value(fallback) }),
        };
      });
    const [first] = params;
    if (first !== undefined && /^(self|cls)$/.test(first.name)) params.shift();
    const body = child(node, "body");
    const outer = this.#class;
    this.#class = undefined;
    const name = child(node, "name")?.text;
    const scope = this.#builder.inFunction(name, params, () => {
      if (body !== undefined) this.statement(body);
    });
    if (name === "__init__" && outer !== undefined) this.#builder.alias(outer, scope);
    this.#class = outer;
  }

  #assignment(node: SyntaxNode): void {
    const targets: SyntaxNode[] = [];
    let right: SyntaxNode | undefined = node;
    // `a = b = value` nests; each value is lowered once.
    while (right?.type === "assignment" || right?.type === "augmented_assignment") {
      const left = child(right, "left");
      if (left !== undefined) targets.push(left);
      right = child(right, "right");
    }
    if (right === undefined) return;
    const appended = node.type === "augmented_assignment";
    const several = /^(expression_list|tuple)$/.test(right.type) && targets.some(isList);
    const values = several ? named(right).map((each) => this.value(each)) : [this.value(right)];
    for (const target of targets) {
      const names = isList(target) ? named(target) : [target];
      names.forEach((name, index) => {
        this.#bind(name, values[index] ?? values[0] ?? unknown("", node.start), node.end, appended);
      });
    }
  }

  #bind(target: SyntaxNode, value: Expression, after: number, appended: boolean): void {
    const name = nameOf(target);
    if (name === undefined) return;
    const { top, scope } = this.#builder;
    this.#builder.bind(name, value, after, { appended });
    if (this.#class !== undefined)
      for (const owner of ["this", this.#class])
        this.#builder.bind(`${owner}.${name}`, value, after, { scope: top });
    if (name.includes(".") && scope !== top) this.#builder.bind(name, value, after, { appended, scope: top });
  }

  value(node: SyntaxNode): Expression {
    const at = node.start;
    switch (node.type) {
      case "string":
        return this.#string(node);
      case "integer":
      case "float":
        return { kind: "text", text: node.text, at };
      case "true":
      case "false":
      case "none":
        return { kind: "text", text: node.text === "None" ? "" : node.text, at };
      case "concatenated_string":
        return { kind: "join", parts: named(node).map((each) => this.value(each)), at };
      case "identifier":
        return { kind: "name", name: node.text, at };
      case "attribute":
      case "subscript":
        return this.#member(node);
      case "call":
        return this.#call(node);
      case "binary_operator":
        return this.#binary(node);
      case "boolean_operator":
        return { kind: "choice", of: named(node).map((each) => this.value(each)), at };
      case "conditional_expression": {
        const [yes, condition, no] = named(node);
        if (condition !== undefined) this.value(condition);
        const of = [yes, no].filter((each) => each !== undefined).map((each) => this.value(each));
        return { kind: "choice", of, at };
      }
      case "list":
      case "tuple":
      case "expression_list":
        return { kind: "list", items: named(node).map((each) => this.value(each)), at };
      case "dictionary":
        return this.#dictionary(node);
      case "as_pattern":
        return this.#alias(node);
      case "named_expression": {
        const value = this.value(named(node).at(-1) ?? node);
        const name = child(node, "name");
        if (name !== undefined) this.#bind(name, value, node.end, false);
        return value;
      }
      case "await":
      case "parenthesized_expression":
        return this.value(named(node)[0] ?? { ...node, type: "" });
      default:
        this.#children(node);
        return unknown(node.text.slice(0, 30), at);
    }
  }

  #string(node: SyntaxNode): Expression {
    const prefix = node.children[0]?.text ?? "";
    const parts = named(node)
      .filter(({ type }) => type === "string_content" || type === "interpolation")
      .map((each): Expression => {
        if (each.type !== "interpolation")
          return {
            kind: "text",
            text: /r/i.test(prefix) ? each.text : unescaped(each.text),
            at: node.start,
          };
        const inner = child(each, "expression");
        return inner === undefined ? unknown("", each.start) : this.value(inner);
      });
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    return parts.length === 0
      ? { kind: "text", text: "", at: node.start }
      : { kind: "join", parts, at: node.start };
  }

  #member(node: SyntaxNode): Expression {
    const name = nameOf(node);
    const base = child(node, "object") ?? child(node, "value");
    if (base !== undefined && base.type !== "identifier") {
      const value = this.value(base);
      // mkstemp()[1], a property of a path.
      if (name === undefined) return value;
    }
    return name === undefined
      ? unknown(node.text.slice(0, 30), node.start)
      : { kind: "name", name, at: node.start };
  }

  #binary(node: SyntaxNode): Expression {
    const [left, right] = [child(node, "left"), child(node, "right")];
    if (left === undefined || right === undefined) return unknown("", node.start);
    const [first, second] = [this.value(left), this.value(right)];
    const operator = child(node, "operator")?.type;
    const at = node.start;
    if (operator === "+") return { kind: "join", parts: [first, second], at };
    if (operator === "/") return { kind: "path", parts: [first, second], at };
    if (operator === "%")
      return { kind: "format", template: first, args: second.kind === "list" ? second.items : [second], at };
    return unknown(node.text.slice(0, 60), at);
  }

  #dictionary(node: SyntaxNode): Expression {
    const fields = new Map<string, Expression>();
    for (const each of named(node)) {
      const key = child(each, "key");
      const value = child(each, "value");
      if (key !== undefined && value !== undefined)
        fields.set(key.text.replaceAll(/^[brfu]*["']|["']$/g, ""), this.value(value));
    }
    return { kind: "object", fields, at: node.start };
  }

  #alias(node: SyntaxNode): Expression {
    const [inner] = named(node);
    const value = inner === undefined ? unknown("", node.start) : this.value(inner);
    const target = named(child(node, "alias"))[0];
    if (target !== undefined) this.#bind(target, value, node.end, false);
    return value;
  }

  #call(node: SyntaxNode): Expression {
    const callee = child(node, "function");
    const receiver = callee?.type === "attribute" ? child(callee, "object") : undefined;
    const base = receiver === undefined ? undefined : this.value(receiver);
    const args: Expression[] = [];
    const keywords = new Map<string, Expression>();
    for (const each of named(child(node, "arguments"))) {
      const value = child(each, "value");
      const name = child(each, "name");
      if (each.type === "keyword_argument" && name !== undefined && value !== undefined)
        keywords.set(name.text, this.value(value));
      else if (each.type !== "comment") args.push(this.value(each));
    }
    const method = child(callee, "attribute")?.text;
    const name = nameOf(callee) ?? (method === undefined ? "" : `?.${method}`);
    const call = this.#builder.call({
      callee: name,
      args,
      named: keywords,
      at: node.start,
      end: node.end,
      checked: true,
      ...(base === undefined ? {} : { receiver: base }),
    });
    if (/^os\.(mkdir|makedirs)$/.test(name) && !this.#tolerates && !keywords.has("exist_ok"))
      this.#own(args[0], node.end);
    return { kind: "call", call, at: node.start };
  }

  /** os.mkdir() fails if the directory exists. */
  #own(path: Expression | undefined, after: number): void {
    if (path?.kind !== "name") return;
    this.#builder.bind(path.name, { kind: "part", part: "private", label: path.name, at: path.at }, after);
  }
}

/** `a, b` on the left of an assignment. */
function isList({ type }: SyntaxNode): boolean {
  return /^(pattern_list|tuple_pattern|expression_list)$/.test(type);
}

/** `a.b.c`, also for `a["b"]`. */
function nameOf(node: SyntaxNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (node.type === "identifier") return node.text === "self" || node.text === "cls" ? "this" : node.text;
  if (node.type === "attribute") {
    const base = nameOf(child(node, "object"));
    return base === undefined ? undefined : `${base}.${child(node, "attribute")?.text ?? ""}`;
  }
  if (node.type !== "subscript") return undefined;
  const [key] = fieldChildren(node, "subscript");
  const base = nameOf(child(node, "value"));
  if (base === undefined || key?.type !== "string") return undefined;
  return `${base}.${key.text.replaceAll(/^[brfu]*["']|["']$/g, "")}`;
}
