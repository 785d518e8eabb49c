/** Builds a `SourceProgram` while a language's lowering walks the syntax tree. */
import type { Call, Expression, Parameter, Scope, SourceProgram } from "./program.js";

const NO_NAMED: ReadonlyMap<string, Expression> = new Map();

/** The arms of an assignment that another function makes. */
const ELSEWHERE = [0];

export function unknown(label: string, at: number): Expression {
  return { kind: "part", part: "unknown", label, at };
}

export class ProgramBuilder {
  readonly #top = newScope(undefined, undefined);
  readonly #functions = new Map<string, Scope>();
  readonly #calls: Call[] = [];
  #scope = this.#top;
  #arms: readonly number[] = [];
  #lastArm = 0;

  get scope(): Scope {
    return this.#scope;
  }

  /** Runs `act` in a function's scope. */
  inFunction(name: string | undefined, params: readonly Parameter[], act: () => void): Scope {
    const scope = newScope(name, this.#scope);
    scope.params.push(...params);
    if (name !== undefined && !this.#functions.has(name)) this.#functions.set(name, scope);
    const [outer, arms] = [this.#scope, this.#arms];
    [this.#scope, this.#arms] = [scope, []];
    act();
    [this.#scope, this.#arms] = [outer, arms];
    return scope;
  }

  /** Calls of `name` are calls of this function: a class and its constructor. */
  alias(name: string, scope: Scope): void {
    if (!this.#functions.has(name)) this.#functions.set(name, scope);
    scope.aliases.push(name);
  }

  /** Runs `act` as code that may not be executed. */
  inArm(act: () => void): void {
    const outer = this.#arms;
    this.#arms = [...outer, ++this.#lastArm];
    act();
    this.#arms = outer;
  }

  /** Binds a name from byte `after` on. In a scope other than the current one, it is not known when. */
  bind(name: string, value: Expression, after: number, { appended = false, scope = this.#scope } = {}): void {
    const binding = {
      value,
      after,
      arms: scope === this.#scope ? this.#arms : ELSEWHERE,
      within: this.#scope,
      appended,
    };
    const former = scope.bindings.get(name);
    if (former === undefined) scope.bindings.set(name, [binding]);
    else former.push(binding);
  }

  call(call: Omit<Call, "scope" | "arms" | "named"> & Partial<Pick<Call, "named">>): Call {
    const whole = { named: NO_NAMED, ...call, scope: this.#scope, arms: this.#arms };
    this.#calls.push(whole);
    return whole;
  }

  returns(value: Expression): void {
    this.#scope.returns.push(value);
  }

  get top(): Scope {
    return this.#top;
  }

  program(): SourceProgram {
    const calls = this.#calls.sort((a, b) => a.at - b.at);
    return { top: this.#top, functions: this.#functions, calls };
  }
}

function newScope(name: string | undefined, parent: Scope | undefined): Scope {
  return { name, aliases: [], parent, params: [], bindings: new Map(), returns: [] };
}
