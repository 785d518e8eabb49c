/** `withTempDir`: a temporary directory for the duration of a callback. */
import { FUNCTION, requireArgument, requireOptions } from "../base/arguments.js";
import { makeDirectory, type TempDir } from "./directory.js";
import { fullCode } from "./errors.js";
import { DIRECTORY_OPTIONS, nameParts, type TempDirOptions } from "./options.js";
import { inPlaces } from "./placement.js";
import { type SyncAsync, step, stepThrough, stepThroughSync } from "./sync-async.js";

/**
 * Creates a directory like `mkdtemp`, passes it to `callback`, and removes it when the callback is done, even if it fails.
 * With `fallback`, a callback that fails for lack of space (ENOSPC, EDQUOT) is called again with a directory on another
 * file system, so it must be able to start over.
 *
 * @returns what `callback` returns.
 * @throws what `callback` throws; TempSpaceError if no directory has enough space.
 */
export async function withTempDir<Result>(
  callback: (dir: TempDir) => Result,
  options: TempDirOptions = {},
): Promise<Awaited<Result>> {
  return (await stepThrough(inTempDir(callback, options))) as Awaited<Result>;
}

export function withTempDirSync<Result>(
  callback: (dir: TempDir) => Result,
  options: TempDirOptions = {},
): Result {
  return stepThroughSync(inTempDir(callback, options));
}

function* inTempDir<Result>(callback: (dir: TempDir) => Result, options: TempDirOptions): SyncAsync<Result> {
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

/** The callback's result. If the callback throws, the directory is removed, and a failure to remove it does not hide the error. */
function* called<Result>(dir: TempDir, callback: (dir: TempDir) => Result): SyncAsync<Result> {
  try {
    return yield* step(
      () => callback(dir),
      async () => callback(dir) as Awaited<Result>,
    );
  } catch (error) {
    try {
      yield* dir.removal();
    } catch {
      // It stays registered, so it is removed when the process ends.
    }
    throw isElsewhere(error, dir.path) ? new Unrelated(error) : error;
  }
}

/** Another disk is full, so another place for this directory would not help. */
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
