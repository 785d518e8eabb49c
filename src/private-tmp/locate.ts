import { bytes, join, show, simplify } from "../base/bytes.js";
import { find } from "./find.js";
import { SetupError } from "./settings.js";
import { targets } from "./targets.js";

/**
 * Where on the host a private /tmp is: its directory, or, of a tmpfs, the way through a process that sees it.
 *
 * @param asked a process, or the name of a private /tmp.
 * @param target which of its places, as `/var/tmp`; the first, /tmp, where it is not given.
 * @throws SetupError NOT_FOUND, AMBIGUOUS
 */
export function locate(asked: string | number, target?: string): string {
  const places = targets();
  const wanted = target === undefined ? places[0] : simplify(bytes(target));
  const { locations, pids } = find(asked, places);
  const location = locations.find((each) => each.target === wanted);
  if (location !== undefined) return show(join(join(location.target, location.leaf), bytes("tmp")));
  const [pid] = pids;
  if (pid !== undefined && wanted !== undefined && places.includes(wanted))
    return show(join(bytes(`/proc/${pid}/root`), wanted));
  throw new SetupError("NOT_FOUND", `${show(bytes(`${asked}`))} has nothing at ${target ?? "/tmp"}`);
}
