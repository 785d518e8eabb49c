/** Follows values through a program: constants, variables, members, objects, parameters and results of functions. */
import type { Arms, Binding, Call, Expression, Scope, SourceProgram } from "../program/program.js";
import { formatted } from "./format.js";
import { concatenated, type ForeignPlace, textValue, union, type Value, withStep } from "./value.js";

/** A constant that another file of the tree defines. */
export interface ForeignConstant extends ForeignPlace {
  readonly text: string;
}

export interface Knowledge {
  /** What a call of a known function returns. */
  result(call: Call): Expression | undefined;
  /** The value of a name that the file does not bind. */
  free?(name: string, at: number): Expression | undefined;
  readonly constants: ReadonlyMap<string, ForeignConstant>;
}

/** Where an expression is evaluated. */
export interface Context {
  readonly scope: Scope;
  readonly at: number;
  readonly arms: Arms;
  /** The calls through which the analysis entered functions. */
  readonly frames: ReadonlyMap<Scope, { readonly call: Call; readonly context: Context }>;
  readonly depth: number;
}

interface Resolved {
  readonly expression: Expression;
  readonly context: Context;
  readonly step?: string;
  readonly stepAt: number;
}

const MOST_DEPTH = 14;
/** Evaluations for one call, so that no program makes the analysis exponential. */
const BUDGET = 1500;

export class Evaluator {
  readonly program: SourceProgram;
  readonly #knowledge: Knowledge;
  readonly #callers = new Map<string, Call[]>();
  #left = BUDGET;

  constructor(program: SourceProgram, knowledge: Knowledge) {
    this.program = program;
    this.#knowledge = knowledge;
    for (const call of program.calls) {
      const name = call.callee.slice(call.callee.lastIndexOf(".") + 1);
      const others = this.#callers.get(name);
      if (others === undefined) this.#callers.set(name, [call]);
      else others.push(call);
    }
  }

  /** The possible values of an argument of this call. */
  of(expression: Expression | undefined, call: Call): Value[] {
    if (expression === undefined) return [];
    this.#left = BUDGET;
    return this.#evaluate(expression, contextOf(call));
  }

  #evaluate(expression: Expression, context: Context): Value[] {
    if (context.depth > MOST_DEPTH || this.#left-- <= 0) return [unknownValue("...")];
    const deeper = { ...context, depth: context.depth + 1 };
    switch (expression.kind) {
      case "text":
        return [textValue(expression.text, expression.at)];
      case "part":
        return [
          {
            parts: [{ kind: expression.part, text: expression.label }],
            steps:
              expression.part === "directory"
                ? [{ at: expression.at, message: `${expression.label} is the shared temporary directory` }]
                : [],
          },
        ];
      case "join":
        return concatenated(expression.parts.map((part) => this.#evaluate(part, deeper)));
      case "path":
        return this.#path(expression.parts, deeper);
      case "format":
        return this.#format(expression.template, expression.args, deeper);
      case "choice":
        return union(expression.of.map((each) => this.#evaluate(each, deeper)));
      case "name":
        return this.#name(expression.name, expression.at, deeper);
      case "call":
        return this.#result(expression.call, deeper);
      case "object":
      case "list":
        return [unknownValue("")];
    }
  }

  #path(parts: readonly Expression[], context: Context): Value[] {
    const slash = [textValue("/", context.at)];
    const values = parts.map((part) => this.#evaluate(part, context));
    // As path.join() does; an absolute component after the first is rare.
    return concatenated(values.flatMap((value, index) => (index === 0 ? [value] : [slash, value])));
  }

  #format(template: Expression, args: readonly Expression[], context: Context): Value[] {
    const templates = this.#evaluate(template, context).slice(0, 4);
    return union(
      templates.map(({ parts, steps }) => {
        const [first] = parts;
        if (first?.kind !== "text" || parts.length > 1) return [{ parts, steps }];
        const pieces = formatted(first.text, args, context.at).map((part) =>
          part.kind === "text" ? [fixedPart(part.text)] : this.#evaluate(part, context),
        );
        return concatenated([[{ parts: [], steps }], ...pieces]);
      }),
    );
  }

  #name(name: string, at: number, context: Context): Value[] {
    const resolved = this.#resolve(name, { ...context, at });
    if (resolved.length > 0) return union(resolved.map((each) => this.#follow(each)));
    const foreign = this.#knowledge.constants.get(name.slice(name.lastIndexOf(".") + 1));
    if (foreign !== undefined) {
      const step = { at, message: `'${name}' is '${foreign.text}'`, elsewhere: foreign };
      return withStep([{ parts: [{ kind: "text", text: foreign.text }], steps: [] }], step);
    }
    const free = this.#knowledge.free?.(name, at);
    return free === undefined ? [unknownValue(name)] : this.#evaluate(free, context);
  }

  #follow({ expression, context, step, stepAt }: Resolved): Value[] {
    const values = this.#evaluate(expression, context);
    return step === undefined ? values : withStep(values, { at: stepAt, message: step });
  }

  /** The expressions that a name may stand for at a place. */
  #resolve(name: string, context: Context): Resolved[] {
    if (context.depth > MOST_DEPTH) return [];
    for (let scope: Scope | undefined = context.scope; scope !== undefined; scope = scope.parent) {
      const bindings = scope.bindings.get(name);
      const here = scope === context.scope;
      const { reaching, complete } =
        bindings === undefined
          ? NONE
          : here
            ? reachable(bindings, context)
            : { reaching: bindings.slice(-MOST_BINDINGS), complete: true };
      const found = reaching.map((binding) => boundTo(name, binding, context));
      if (!complete) found.push(...this.#parameter(name, scope, context));
      if (found.length > 0) return found;
    }
    return this.#member(name, context);
  }

  /** `options.path`: the field of what `options` may be. */
  #member(name: string, context: Context): Resolved[] {
    const dot = name.lastIndexOf(".");
    if (dot <= 0) return [];
    const bases = this.#resolve(name.slice(0, dot), { ...context, depth: context.depth + 1 });
    return bases.flatMap(({ expression, context: at }) => this.#field(expression, name.slice(dot + 1), at));
  }

  #field(expression: Expression, field: string, context: Context): Resolved[] {
    if (context.depth > MOST_DEPTH || this.#left-- <= 0) return [];
    const deeper = { ...context, depth: context.depth + 1 };
    if (expression.kind === "object") {
      const value = expression.fields.get(field);
      if (value === undefined) return [];
      return [{ expression: value, context: deeper, step: `the member '${field}'`, stepAt: value.at }];
    }
    if (expression.kind === "choice")
      return expression.of.flatMap((each) => this.#field(each, field, deeper));
    if (expression.kind === "name")
      return this.#resolve(`${expression.name}.${field}`, { ...deeper, at: expression.at });
    if (expression.kind !== "call") return [];
    const known = this.#knowledge.result(expression.call);
    if (known !== undefined) return this.#field(known, field, deeper);
    return this.#returned(expression.call, deeper).flatMap((each) =>
      this.#field(each.expression, field, each.context),
    );
  }

  #parameter(name: string, scope: Scope, context: Context): Resolved[] {
    const index = scope.params.findIndex((each) => each.name === name);
    const parameter = scope.params[index];
    if (parameter === undefined) return [];
    const frame = context.frames.get(scope);
    const calls =
      frame !== undefined
        ? [frame]
        : [scope.name ?? "", ...scope.aliases]
            .flatMap((each) => this.#callers.get(each) ?? [])
            .slice(0, 6)
            .map((call) => ({ call, context: { ...contextOf(call), depth: context.depth + 2 } }));
    const given = calls.flatMap(({ call, context: caller }): Resolved[] => {
      const argument = call.named.get(name) ?? call.args[index];
      if (argument === undefined) return [];
      return [{ expression: argument, context: caller, step: `passed as '${name}'`, stepAt: argument.at }];
    });
    if (parameter.fallback === undefined) return given;
    const { fallback } = parameter;
    const inScope = { ...context, scope, at: fallback.at };
    return [
      ...given,
      { expression: fallback, context: inScope, step: `the default of '${name}'`, stepAt: fallback.at },
    ];
  }

  #result(call: Call, context: Context): Value[] {
    const known = this.#knowledge.result(call);
    if (known !== undefined) return this.#evaluate(known, context);
    const returned = this.#returned(call, context);
    if (returned.length === 0) return [unknownValue(call.callee === "" ? "" : `${call.callee}()`)];
    return union(returned.map((each) => this.#follow(each)));
  }

  #returned(call: Call, context: Context): Resolved[] {
    const name = call.callee.slice(call.callee.lastIndexOf(".") + 1);
    const callee = this.program.functions.get(name);
    if (callee === undefined || context.frames.has(callee)) return [];
    const frames = new Map([...context.frames, [callee, { call, context }]]);
    return callee.returns.map((expression) => ({
      expression,
      context: {
        scope: callee,
        at: expression.at,
        arms: EVERYWHERE,
        frames,
        depth: context.depth + 1,
      },
      step: `returned by '${name}'`,
      stepAt: expression.at,
    }));
  }
}

/** Assignments to one name that are followed. */
const MOST_BINDINGS = 8;

const NONE = { reaching: [], complete: false };
const EVERYWHERE: Arms = [];

function contextOf(call: Call): Context {
  return { scope: call.scope, at: call.at, arms: call.arms, frames: new Map(), depth: 0 };
}

/** A piece of a template, whose own text is a step already. */
function fixedPart(text: string): Value {
  return { parts: [{ kind: "text", text }], steps: [] };
}

function unknownValue(label: string): Value {
  return { parts: [{ kind: "unknown", text: label }], steps: [] };
}

function boundTo(name: string, binding: Binding, context: Context): Resolved {
  const { value, appended, after, arms, within: scope } = binding;
  const before: Expression = { kind: "name", name, at: after - 1 };
  const expression: Expression = appended ? { kind: "join", parts: [before, value], at: value.at } : value;
  const { frames, depth } = context;
  return {
    expression,
    context: {
      scope,
      at: value.at,
      arms,
      frames,
      depth,
    },
    step: appended ? `appended to '${name}'` : `assigned to '${name}'`,
    stepAt: value.at,
  };
}

/** The assignments that may decide a name's value at a place; `complete` if one of them is made in any case. */
function reachable(
  bindings: readonly Binding[],
  { at, arms }: Context,
): { readonly reaching: Binding[]; readonly complete: boolean } {
  const reaching: Binding[] = [];
  const earlier = bindings.filter(({ after }) => after <= at);
  // What another function assigns, or a loop's former turn.
  if (earlier.length === 0) return { reaching: bindings.slice(0, MOST_BINDINGS), complete: false };
  for (const binding of earlier.reverse().slice(0, MOST_BINDINGS)) {
    reaching.push(binding);
    const always = binding.arms.every((arm, index) => arms[index] === arm);
    if (always) return { reaching, complete: true };
  }
  return { reaching, complete: false };
}
