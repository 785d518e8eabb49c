/**
 * A process that swaps pairs of names (renameat2 with RENAME_EXCHANGE) as fast as it can, until it is asked to stop. If one of
 * the two is missing for a moment, it tries again.
 */
import { fork } from "node:child_process";
import { bindSyscall, syscallNumber } from "#src/sys/ffi.js";
import { AT_FDCWD, RENAME_EXCHANGE } from "#src/sys/files.js";
import { endWithTest } from "../children.js";

const BATCH = 200;

const renameat2 = bindSyscall<[number, Buffer, number, Buffer, number]>(
  syscallNumber({ x64: 316, ia32: 353, arm: 382, ppc64: 357, s390x: 347 }, 276),
  "int olddirfd, const void *oldpath, int newdirfd, const void *newpath, unsigned int flags",
);

function attack(names: readonly string[]): void {
  const paths = names.map((name) => Buffer.from(`${name}\0`));
  const pairs = paths.flatMap((path, at) => (at % 2 === 0 ? [[path, paths[at + 1] ?? path] as const] : []));
  let swaps = 0;
  let going = true;
  process.on("message", () => {
    going = false;
  });
  process.on("disconnect", () => process.exit());
  const batch = (): void => {
    for (let n = 0; n < BATCH; n++)
      for (const [a, b] of pairs)
        if (Number(renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)) === 0) swaps++;
    if (going) setImmediate(batch);
    else process.send?.(swaps, () => process.exit());
  };
  process.send?.("ready");
  batch();
}

export interface Attacker {
  /** Ends it; how often it has swapped two names. */
  stop(): Promise<number>;
}

/** `names` are pairs: the first with the second, the third with the fourth. */
export async function startAttacker(names: readonly string[]): Promise<Attacker> {
  const child = endWithTest(fork(import.meta.filename, names));
  const message = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`the attacker ended: ${code}`)));
    });
  await message();
  return {
    async stop() {
      const reported = message();
      child.send("stop");
      return Number(await reported);
    },
  };
}

const [, script, ...names] = process.argv;
if (script === import.meta.filename && names.length > 0) attack(names);
