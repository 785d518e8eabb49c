import { homedir } from "node:os";
import { type Bytes, bytes, isAbsolute, join } from "../../base/bytes.js";

/**
 * Where `mayfly clean` notes what it saw of each directory: in the cache directory that a service was given
 * (CacheDirectory=, systemd.exec(5)), else in the system's for root, and in the user's own for everybody else.
 */
export function indexPath(environment: NodeJS.ProcessEnv = process.env): Bytes {
  const given = bytes(environment.CACHE_DIRECTORY ?? "");
  if (isAbsolute(given)) return join(given, "index" as Bytes);
  if (process.geteuid?.() === 0) return "/var/cache/mayfly/index" as Bytes;
  const cache = bytes(environment.XDG_CACHE_HOME ?? "");
  return join(isAbsolute(cache) ? cache : bytes(`${homedir()}/.cache`), "mayfly/index" as Bytes);
}
