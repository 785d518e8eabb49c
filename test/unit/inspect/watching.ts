import { type Abilities, type WatchEvent, type WatchOptions, watch } from "#src/inspect/index.js";
import { needsInitialPidNamespace } from "../../requirements.js";

export const NEEDS_ROOT = process.getuid?.() === 0 ? false : "fanotify needs root";
/** For tests that need the process of an event after it has ended: without the recorder it is unknown. */
export const NEEDS_NAMES = NEEDS_ROOT || needsInitialPidNamespace;

export interface Watched {
  readonly abilities: Abilities;
  readonly events: WatchEvent[];
}

/** What happens below `directory` while `during` runs. */
export async function watching(
  directory: string,
  during: () => void | Promise<void>,
  options: WatchOptions = {},
): Promise<Watched> {
  const watched = watch([directory], options);
  const abilities = await watched.ready;
  const events: WatchEvent[] = [];
  const all = (async () => {
    for await (const event of watched) events.push(event);
  })();
  await during();
  watched.close();
  await all;
  return { abilities, events };
}
