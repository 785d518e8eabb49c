/** Starts processes that end with their test, and waits for them with a time limit. */
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const LIMIT_MS = 60_000;

/** Kills the child when the test that calls this ends, so that a failed one does not leave it running. */
export function endWithTest<Child extends ChildProcess>(child: Child): Child {
  after(() => child.kill("SIGKILL"));
  return child;
}

/** Waits until the condition holds; throws after a minute. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + LIMIT_MS; !holds(); await sleep(10))
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
}

/** The first output of a child. Throws if it exits, or a minute passes, before it prints anything. */
export function firstOutput(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error("the child prints nothing")), LIMIT_MS);
    const settle = (done: () => void) => () => {
      clearTimeout(limit);
      done();
    };
    child.stdout?.once("data", (chunk) => settle(() => resolve(String(chunk)))());
    child.once("error", (error) => settle(() => reject(error))());
    child.once("close", (code, signal) =>
      settle(() => reject(new Error(`the child ended (${code ?? signal}) before it printed anything`)))(),
    );
  });
}

/** Waits until a process, which need not be a child, has closed its files: it is dead, though perhaps not reaped. */
export function untilDead(pid: number): Promise<void> {
  return until(`process ${pid} has ended`, () => !existsSync(`/proc/${pid}/fd/0`));
}

/** For shell scripts: `wait_for COMMAND...` repeats a command until it succeeds, and ends the script after a minute. */
export const WAIT_FOR = `wait_for() {
  tries=0
  until "$@" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 1200 ] || { echo "waited in vain for: $*" >&2; exit 99; }
    sleep 0.05
  done
}
`;
