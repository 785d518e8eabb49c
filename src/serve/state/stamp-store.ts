/** Keeps the stamp in the state directory. A failure never stops the service. */
import type { Stamp } from "../schedule/stamp.js";
import type { StampStore } from "../schedule/timekeeper.js";
import { parseStamp, stampText } from "./stamp-file.js";
import type { StateDirectory } from "./state-directory.js";

const NAME = "stamp";

/** A store that keeps nothing. */
export const NO_STORE: StampStore = { load: () => undefined, save: () => undefined };

/** `warn` is called with a failure: once, until it works again, since the service exists for full disks. */
export function stampStore(state: StateDirectory, warn: (message: string) => void): StampStore {
  let failing = false;
  return {
    load() {
      try {
        const text = state.read(NAME);
        const stamp = text === undefined ? undefined : parseStamp(text);
        if (text !== undefined && stamp === undefined)
          warn("the stamp of the last run is not valid, and is ignored: the schedule begins anew");
        return stamp;
      } catch (error) {
        warn(`the stamp of the last run cannot be read, and is ignored: ${(error as Error).message}`);
        return undefined;
      }
    },
    save(stamp: Stamp) {
      try {
        state.write(NAME, stampText(stamp));
        failing = false;
      } catch (error) {
        if (!failing) warn(`the stamp of the last run cannot be saved: ${(error as Error).message}`);
        failing = true;
      }
    },
  };
}
