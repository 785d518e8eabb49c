/** Passes errors between threads. Structured cloning would lose their classes and fields. */
import { SyscallError, UnsafePathError } from "../base/errors.js";

/** A class of errors; the constructor is never called. */
type ErrorClass = abstract new (...args: never[]) => Error;

/** By the `name` of their errors, which a minifier does not change. */
export type ErrorClasses = Readonly<Record<string, ErrorClass>>;

const COMMON: ErrorClasses = { Error, TypeError, RangeError, SyscallError, UnsafePathError };

interface EncodedError {
  readonly encodedError: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Converts an error, or an object with one in its field `error`, to a value that can be cloned. */
export function encodeErrors(value: unknown): unknown {
  if (value instanceof Error) return encoded(value);
  if (hasError(value) && value.error instanceof Error) return { ...value, error: encoded(value.error) };
  return value;
}

/** The reverse of `encodeErrors`; `classes` are those that may come beside Node's own and those of base/errors. */
export function decodeErrors(value: unknown, classes: ErrorClasses): unknown {
  if (isEncoded(value)) return decoded(value, classes);
  if (hasError(value) && isEncoded(value.error)) return { ...value, error: decoded(value.error, classes) };
  return value;
}

function encoded(error: Error): EncodedError {
  const { message, stack, cause } = error;
  const fields = { ...error };
  return { encodedError: error.name, message, stack, cause: encodeErrors(cause), fields };
}

function decoded(sent: EncodedError, classes: ErrorClasses): Error {
  const { encodedError, message, stack, cause, fields } = sent;
  const known = { ...COMMON, ...classes };
  const type = (Object.hasOwn(known, encodedError) ? known[encodedError] : undefined) ?? Error;
  const error = new Error(message, cause === undefined ? undefined : { cause: decodeErrors(cause, classes) });
  Object.setPrototypeOf(error, type.prototype);
  Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
  return Object.assign(error, fields);
}

function hasError(value: unknown): value is { readonly error: unknown } {
  return typeof value === "object" && value !== null && "error" in value;
}

function isEncoded(value: unknown): value is EncodedError {
  return typeof value === "object" && value !== null && "encodedError" in value;
}
