/** What tests of temporary files need of their host and environment. */
import type { TestContext } from "node:test";

export const isRoot = process.geteuid?.() === 0;
export const needsRoot = isRoot ? false : "needs root";

/** Sets XDG_RUNTIME_DIR for the rest of the test: without one an ordinary user has no runtime directory. */
export function useRuntimeDir(t: TestContext, value: string): void {
  const before = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = value;
  t.after(() => {
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = before;
  });
}

/** Runs `work` with TMPDIR set, and puts it back. */
export function withTmpdir<Result>(value: string, work: () => Result): Result {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = value;
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
