/** Where the index of `mayfly clean` is. */
import { type Bytes, bytes, isAbsolute, join } from "../../base/bytes.js";
import { homeDirectory } from "../../sys/accounts.js";

/**
 * Where `mayfly clean` notes what it saw of each directory: in the cache directory that a service was given
 * (CacheDirectory=, systemd.exec(5)), else in the system's for root, and in the user's own for everybody else. Undefined for
 * a user without a home directory, who has no index.
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

/** $HOME, or what the user database has; containers run programs as users whom it does not know. */
function homeOf(environment: NodeJS.ProcessEnv): Bytes | undefined {
  const home = bytes(environment.HOME ?? "");
  if (isAbsolute(home)) return home;
  const known = homeDirectory(process.geteuid?.() ?? 0);
  return known !== undefined && isAbsolute(known) ? known : undefined;
}
