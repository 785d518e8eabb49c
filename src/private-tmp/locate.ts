/** Locates a private /tmp on the host. */

import { bytes, escapeForDisplay, join, normalize } from "../base/bytes.js";
import { requireLocateArguments } from "./arguments.js";
import { find } from "./find.js";
import type { LocateOptions } from "./options.js";
import { userInWords } from "./owner.js";
import { SetupError } from "./settings.js";
import { targets } from "./targets.js";

/**
 * Returns the path of a private /tmp on the host: its directory or, for a tmpfs, a path through a process that sees it.
 *
 * @param asked the PID of a process, or the name of a private /tmp that root or the caller created.
 * @throws SetupError NOT_FOUND, AMBIGUOUS, FOREIGN; TypeError if an argument is invalid.
 */
export function locateSync(asked: string | number, options: LocateOptions = {}): string {
  requireLocateArguments(asked, options);
  const { target, onNotice } = options;
  const places = targets();
  const wanted = target === undefined ? places[0] : normalize(bytes(target));
  const { locations, pids, owner } = find(asked, places);
  if (owner?.isTrusted === false) {
    onNotice?.(`the mounts of process ${asked} belong to ${userInWords(owner.uid)}`);
  }
  const location = locations.find((each) => each.target === wanted);
  if (location !== undefined)
    return escapeForDisplay(join(join(location.target, location.leaf), bytes("tmp")));
  const [pid] = pids;
  if (pid !== undefined && wanted !== undefined && places.includes(wanted))
    return escapeForDisplay(join(bytes(`/proc/${pid}/root`), wanted));
  const what = escapeForDisplay(bytes(`${asked}`));
  throw new SetupError("NOT_FOUND", `${what} has nothing at ${escapeForDisplay(wanted ?? bytes("/tmp"))}`);
}
