/** `withTempDir`: a directory for as long as a callback runs. */
import { FUNCTION, requireArgument, requireOptions } from "../base/arguments.js";
import { type LockedDir, makeDirectory } from "./directory.js";
import { fullCode } from "./errors.js";
import { DIRECTORY_OPTIONS, nameParts, type TempDirOptions } from "./options.js";
import { inPlaces } from "./placement.js";
import { type Steps, step, stepThrough, stepThroughSync } from "./sync-async.js";

/**
 * Makes a directory as `mkdtemp` does, hands it to `callback`, and removes it when that is done, whichever way it ends.
 * With `fallback`, a callback that fails for want of room (ENOSPC, EDQUOT) is called again with a directory in the next
 * place: it must be able to start anew.
 *
 * @returns what `callback` returns.
 * @throws what `callback` throws; TempSpaceError where no place had room for what it wrote.
 */
export async function withTempDir<Result>(
  callback: (dir: LockedDir) => Result,
  options: TempDirOptions = {},
): Promise<Awaited<Result>> {
  return (await stepThrough(inTempDir(callback, options))) as Awaited<Result>;
}

export function withTempDirSync<Result>(
  callback: (dir: LockedDir) => Result,
  options: TempDirOptions = {},
): Result {
  return stepThroughSync(inTempDir(callback, options));
}

function* inTempDir<Result>(callback: (dir: LockedDir) => Result, options: TempDirOptions): Steps<Result> {
  requireArgument("withTempDir", "callback", callback, FUNCTION);
  requireOptions("withTempDir", options, DIRECTORY_OPTIONS);
  const parts = nameParts(options);
  try {
    return yield* inPlaces(options, function* (parent) {
      const dir = makeDirectory(parent, parts);
      const result = yield* called(dir, callback);
      yield* dir.removal();
      return result;
    });
  } catch (error) {
    throw error instanceof Unrelated ? error.error : error;
  }
}

/** The callback's result. If it throws, the directory is removed first, and no failure of that hides the reason. */
function* called<Result>(dir: LockedDir, callback: (dir: LockedDir) => Result): Steps<Result> {
  try {
    return yield* step(
      () => callback(dir),
      async () => callback(dir) as Awaited<Result>,
    );
  } catch (error) {
    try {
      yield* dir.removal();
    } catch {
      // It stays registered: the end of the process tries again.
    }
    throw isElsewhere(error, dir.path) ? new Unrelated(error) : error;
  }
}

/** A disk that is full somewhere else: another place for this directory would not help. */
class Unrelated {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

function isElsewhere(error: unknown, dir: string): boolean {
  const path = error instanceof Error && "path" in error ? error.path : undefined;
  return fullCode(error) !== undefined && typeof path === "string" && !path.startsWith(`${dir}/`);
}
