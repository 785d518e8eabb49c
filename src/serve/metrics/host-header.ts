/** Checks the Host header, so that a web page cannot read the metrics by DNS rebinding. */
import { isIP } from "node:net";
import { hostname } from "node:os";

const HOST = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]@/]+))(?::\d{1,5})?$/;

/**
 * Whether a request with this Host header may be answered. A page that rebinds a DNS name of its own to this address sends
 * that name. So only IP addresses are accepted, and names that nobody else can register: localhost, this host's name and the
 * names in `allowed`. Browsers always send the header; HTTP/1.0 clients need not.
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[] = []): boolean {
  if (header === undefined) return true;
  const [, bracketed, plain] = HOST.exec(header) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  if (plain === undefined) return false;
  const name = plain.toLowerCase().replace(/\.$/, "");
  if (isIP(name) === 4) return true;
  return ["localhost", hostname().toLowerCase(), ...allowed.map((each) => each.toLowerCase())].includes(name);
}
