import type { DirectorySet } from "./directory.js";
import type { Found } from "./find.js";
import { forbidden } from "./refusal.js";
import type { Plan, Stage } from "./stage.js";

/** Without root: through a user namespace, by the programs that the host has for it. */
export async function stageAsUser(
  _plan: Plan,
  _directories: DirectorySet,
  _found: Found | undefined,
): Promise<Stage> {
  throw forbidden(true, undefined);
}
