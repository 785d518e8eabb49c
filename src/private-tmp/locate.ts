/** Where on the host a private /tmp is. */

import { bytes, escapeForDisplay, join, normalize } from "../base/bytes.js";
import { requireAsked } from "./arguments.js";
import { find } from "./find.js";
import { userInWords } from "./owner.js";
import { SetupError } from "./settings.js";
import { targets } from "./targets.js";

export interface LocateOptions {
  /** Which of its places, for example `/var/tmp`; the first, /tmp, if not given. */
  readonly target?: string;
  /** Called with what the caller should know, in words for a person: that it belongs to another user. */
  readonly onNotice?: (notice: string) => void;
}

/**
 * Where on the host a private /tmp is: its directory or, for a tmpfs, the path through a process that sees it.
 *
 * @param asked a process, or the name of a private /tmp that root or the caller made.
 * @throws SetupError NOT_FOUND, AMBIGUOUS, FOREIGN
 */
export function locate(asked: string | number, options: LocateOptions = {}): string {
  requireAsked("locate", asked, options);
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
