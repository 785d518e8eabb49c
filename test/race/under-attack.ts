/** Repeats what is tested while an attacker swaps names under its feet. */
import type { Arena } from "./arena.js";
import { type AttackSettings, startAttacker } from "./attacker.js";

export const SWAPS = Number(process.env.SWAPS ?? 2_000);
const ROUNDS = Number(process.env.ROUNDS ?? 10);

/** However few swaps succeed, there is an end. */
const MOST_ROUNDS = 1000;

interface Attack extends AttackSettings {
  /** How much longer than usual it lasts. */
  readonly patience?: number;
  /** The names that it swaps, if not the arena's own. */
  readonly swapped?: readonly string[];
}

/** Runs `round` under the attacker until it has swapped often enough; returns the harm done, and ends at the first. */
export async function underAttack(
  arena: Pick<Arena, "swapped" | "harm" | "rebuild">,
  round: () => Promise<unknown> | unknown,
  { patience = 1, swapped = arena.swapped, ...settings }: Attack = {},
): Promise<{ harm: string[]; swaps: number }> {
  let swaps = 0;
  let harm: string[] = [];
  const isEnough = (rounds: number) => swaps >= SWAPS * patience && rounds >= ROUNDS * patience;
  for (let rounds = 0; !isEnough(rounds) && rounds < MOST_ROUNDS * patience && harm.length === 0; ) {
    const attacker = await startAttacker(swapped, settings);
    for (let n = 0; n < 10 && harm.length === 0; n++, rounds++) {
      await round();
      harm = arena.harm();
      arena.rebuild();
    }
    swaps += await attacker.stop();
  }
  return { harm, swaps };
}
