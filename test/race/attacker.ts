/**
 * A process that swaps pairs of names (renameat2 with RENAME_EXCHANGE) as fast as it can, until it is asked to stop. If one of
 * the two is missing, it moves the other there, or tries again.
 */
import { fork } from "node:child_process";
import { bindSyscall, syscallNumber } from "#src/sys/ffi.js";
import { AT_FDCWD, RENAME_EXCHANGE, RENAME_NOREPLACE } from "#src/sys/files.js";
import { endWithTest } from "../children.js";

const BATCH = 200;

const renameat2 = bindSyscall<[number, Buffer, number, Buffer, number]>(
  syscallNumber({ x64: 316, ia32: 353, arm: 382, ppc64: 357, s390x: 347 }, 276),
  "int olddirfd, const void *oldpath, int newdirfd, const void *newpath, unsigned int flags",
);

export interface AttackSettings {
  /** The user that it becomes, so that the kernel decides what it can swap. */
  readonly uid?: number;
  /** Whether it moves one name to the other if that is missing. */
  readonly moves?: boolean;
}

function swap(a: Buffer, b: Buffer, flags: number): boolean {
  return Number(renameat2(AT_FDCWD, a, AT_FDCWD, b, flags)) === 0;
}

function attack({ uid, moves = false }: AttackSettings, names: readonly string[]): void {
  const paths = names.map((name) => Buffer.from(`${name}\0`));
  const pairs = paths.flatMap((path, at) => (at % 2 === 0 ? [[path, paths[at + 1] ?? path] as const] : []));
  const isDone = (a: Buffer, b: Buffer): boolean =>
    swap(a, b, RENAME_EXCHANGE) || (moves && (swap(a, b, RENAME_NOREPLACE) || swap(b, a, RENAME_NOREPLACE)));
  if (uid !== undefined) {
    process.setgroups?.([]);
    process.setgid?.(uid);
    process.setuid?.(uid);
  }
  let swaps = 0;
  let going = true;
  process.on("message", () => {
    going = false;
  });
  process.on("disconnect", () => process.exit());
  const batch = (): void => {
    for (let n = 0; n < BATCH; n++) for (const [a, b] of pairs) if (isDone(a, b)) swaps++;
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
export async function startAttacker(
  names: readonly string[],
  settings: AttackSettings = {},
): Promise<Attacker> {
  const child = endWithTest(fork(import.meta.filename, [JSON.stringify(settings), ...names]));
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

const [, script, settings, ...names] = process.argv;
if (script === import.meta.filename && settings !== undefined) attack(JSON.parse(settings), names);
