/** The engine's effects when other workers clean the same tree. */

import { unlock } from "../../sys/scan.js";
import { sleepSync } from "../../sys/sleep.js";
import { EntryLocks, isConflict, type LockConflict } from "../../tmpfiles/ageing/entry-lock.js";
import { realWalkEffects, type WalkEffects } from "../../tmpfiles/ageing/walk-effects.js";

/** Another worker holds a directory's lock only for two system calls; so long a lock is somebody else's. */
const PROBES = 10;
const PAUSE_MS = 2;

/**
 * Directories are only probed, not held: workers on one host would keep each other out. So a lock counts from the next batch
 * on. A file is locked from the last look at it until it is unlinked.
 */
export function sharedWalkEffects(): WalkEffects {
  const locks = new EntryLocks();
  return {
    ...realWalkEffects(),
    lockDirectory(fd, stat, rule) {
      let conflict: LockConflict | undefined;
      for (let probe = 0; probe < PROBES; probe++) {
        conflict = locks.lockDirectory(fd, stat, rule);
        if (conflict === undefined || !isConflict(conflict)) {
          unlock(fd);
          return undefined;
        }
        sleepSync(PAUSE_MS);
      }
      return conflict;
    },
  };
}
