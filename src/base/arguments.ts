/** Validates the arguments of library functions. A `TypeError` names the function, the argument and the expected value. */

/** A condition on an argument, and its description. */
export interface Expectation {
  /** Completes "must be ...": `a string`. */
  readonly what: string;
  readonly accepts: (value: unknown) => boolean;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const isPath = (value: unknown): boolean =>
  (typeof value === "string" && value !== "" && !value.includes("\0")) ||
  (value instanceof Uint8Array && value.length > 0 && !value.includes(0));

export const TEXT: Expectation = { what: "a string", accepts: (value) => typeof value === "string" };
export const BOOLEAN: Expectation = { what: "true or false", accepts: (value) => typeof value === "boolean" };
export const FUNCTION: Expectation = { what: "a function", accepts: (value) => typeof value === "function" };
export const OBJECT: Expectation = { what: "an object", accepts: isObject };
export const PATH: Expectation = {
  what: "a path: a string or Buffer that is not empty and has no NUL byte",
  accepts: isPath,
};
export const DATA: Expectation = {
  what: "a string, Buffer or Uint8Array",
  accepts: (value) => typeof value === "string" || value instanceof Uint8Array,
};
export const COUNT: Expectation = {
  what: "a non-negative integer",
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};
export const MODE: Expectation = {
  what: "permissions, from 0 to 0o7777",
  accepts: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0o7777,
};

export const SIGNAL: Expectation = {
  what: "an AbortSignal",
  accepts: (value) => value instanceof AbortSignal,
};
export const NANOSECONDS: Expectation = {
  what: "a bigint that is not negative, in nanoseconds",
  accepts: (value) => typeof value === "bigint" && value >= 0n,
};

export function choices(...values: readonly string[]): Expectation {
  const list = values.map((value) => JSON.stringify(value));
  return {
    what: list.length < 2 ? list.join() : `${list.slice(0, -1).join(", ")} or ${list.at(-1)}`,
    accepts: (value) => typeof value === "string" && values.includes(value),
  };
}

export const either = (first: Expectation, second: Expectation): Expectation => ({
  what: `${first.what}, or ${second.what}`,
  accepts: (value) => first.accepts(value) || second.accepts(value),
});

export const listOf = (each: Expectation): Expectation => ({
  what: `an array, each of its elements ${each.what}`,
  accepts: (value) => Array.isArray(value) && value.every(each.accepts),
});

/** The options of a function, by name. */
export type Expectations = Readonly<Record<string, Expectation>>;

export function requireArgument(caller: string, name: string, value: unknown, expected: Expectation): void {
  if (!expected.accepts(value)) throw mismatch(caller, name, value, expected);
}

export function requireArray(caller: string, name: string, value: unknown, each: Expectation): void {
  requireArgument(caller, name, value, listOf(each));
}

/** Treats an undefined option as absent. @throws TypeError for an unknown option or an invalid value. */
export function requireOptions(caller: string, options: unknown, known: Expectations): void {
  if (!isObject(options) || Array.isArray(options) || options instanceof Uint8Array) {
    const example = Object.keys(known).join(", ");
    throw mismatch(caller, "options", options, { ...OBJECT, what: `an object such as { ${example} }` });
  }
  for (const name in options) {
    const value = options[name];
    const expected = Object.hasOwn(known, name) ? known[name] : undefined;
    if (expected === undefined) throw unknown(caller, name, known);
    if (value !== undefined && !expected.accepts(value))
      throw mismatch(caller, `options.${name}`, value, expected);
  }
}

function unknown(caller: string, name: string, known: Expectations): TypeError {
  const near = Object.keys(known).find((each) => each.toLowerCase() === name.toLowerCase());
  const hint = near === undefined ? `expected ${Object.keys(known).join(", ")}` : `did you mean "${near}"?`;
  const message = `${caller}: unknown option ${JSON.stringify(name)} (${hint})`;
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_VALUE" });
}

function mismatch(caller: string, name: string, value: unknown, { what }: Expectation): TypeError {
  const message = `${caller}: ${name} must be ${what}, not ${inWords(value)}`;
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_TYPE" });
}

const LONGEST = 60;

function inWords(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}...` : value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  return isObject(value) ? "an object" : String(value);
}
