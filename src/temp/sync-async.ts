/**
 * Work with both a synchronous and a promise-based version is written once, as a generator that yields each step worth
 * awaiting (an fsync, a copy, a callback). `stepThroughSync` executes the steps on this thread, `stepThrough` awaits them.
 */
export interface SyncAsyncStep {
  sync(): unknown;
  async(): unknown;
}

export type SyncAsync<Result> = Generator<SyncAsyncStep, Result, unknown>;

/** One step, for `yield*`, with a synchronous and an asynchronous implementation. */
export function* step<Result>(
  sync: () => Result,
  async: () => Promise<Result> | Result,
): Generator<SyncAsyncStep, Result, unknown> {
  return (yield { sync, async }) as Result;
}

/** A step that both versions execute synchronously. */
export const syncStep = <Result>(work: () => Result): Generator<SyncAsyncStep, Result, unknown> =>
  step(work, work);

export function stepThroughSync<Result>(steps: SyncAsync<Result>): Result {
  let next = steps.next();
  while (next.done !== true) {
    try {
      next = steps.next(next.value.sync());
    } catch (error) {
      next = steps.throw(error);
    }
  }
  return next.value;
}

export async function stepThrough<Result>(steps: SyncAsync<Result>): Promise<Result> {
  let next = steps.next();
  while (next.done !== true) {
    try {
      next = steps.next(await next.value.async());
    } catch (error) {
      next = steps.throw(error);
    }
  }
  return next.value;
}

/** The promise-based version of a fast function: runs synchronously, and rejects the promise on failure. */
export function promised<Args extends readonly unknown[], Result>(
  work: (...args: Args) => Result,
): (...args: Args) => Promise<Result> {
  return async (...args) => work(...args);
}
