/** Finds the file in which `mayfly clean` keeps its index. */
import { type Bytes, bytes, isAbsolute, join } from "../../base/bytes.js";
import { homeDirectory } from "../../sys/accounts.js";

/**
 * The path of the index: in the cache directory of the service (CacheDirectory=, systemd.exec(5)) if there is one, else
 * in the system's for root and in the user's own for other users. Undefined for a user without a home directory.
 */
export function indexPath(environment: NodeJS.ProcessEnv = process.env): Bytes | undefined {
  const given = bytes(environment.CACHE_DIRECTORY ?? "");
  if (isAbsolute(given)) return join(given, "index" as Bytes);
  if (process.geteuid?.() === 0) return "/var/cache/mayfly/index" as Bytes;
  const cache = bytes(environment.XDG_CACHE_HOME ?? "");
  if (isAbsolute(cache)) return join(cache, BELOW_CACHE);
  const home = homeOf(environment);
  return home === undefined ? undefined : join(join(home, ".cache" as Bytes), BELOW_CACHE);
}

const BELOW_CACHE = "mayfly/index" as Bytes;

/** $HOME, or the home directory in the user database, which may not have the user of a container. */
function homeOf(environment: NodeJS.ProcessEnv): Bytes | undefined {
  const home = bytes(environment.HOME ?? "");
  if (isAbsolute(home)) return home;
  const known = homeDirectory(process.geteuid?.() ?? 0);
  return known !== undefined && isAbsolute(known) ? known : undefined;
}
