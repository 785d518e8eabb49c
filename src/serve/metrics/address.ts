/** Parses the address to listen on: a port, HOST:PORT, or the path of a Unix socket. */
import { isIP } from "node:net";
import { type Bytes, escapeForDisplay, toText } from "../../base/bytes.js";

export type ListenAddress =
  | { readonly host: string; readonly port: number }
  | { readonly path: Bytes; readonly mode: number };

const LOOPBACK = "127.0.0.1";
/** Only for the owner and the group: Prometheus and its proxies join the group. */
const SOCKET_MODE = 0o660;
const HOST_PORT = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/;

/**
 * `9750` and `:9750` mean the loopback address. Other addresses must be given as such, for example `0.0.0.0:9750` or
 * `[::]:9750`. A path is absolute, and may begin with `unix:`.
 *
 * @throws Error if the text is none of these
 */
export function parseListenAddress(text: Bytes): ListenAddress {
  const path = text.startsWith("unix:") ? text.slice("unix:".length) : text;
  if (path.startsWith("/")) return { path: socketPath(path as Bytes), mode: SOCKET_MODE };
  const [, bracketed, plain, portText] = HOST_PORT.exec(/^\d+$/.test(text) ? `:${text}` : text) ?? [];
  const host = bracketed ?? (plain === "" ? LOOPBACK : plain === "localhost" ? LOOPBACK : plain);
  const port = Number(portText);
  const isValid = host !== undefined && isIP(host) === (bracketed === undefined ? 4 : 6);
  if (!isValid || !(port <= 65_535)) throw new Error(invalid(text));
  return { host, port };
}

function socketPath(path: Bytes): Bytes {
  if (path.endsWith("/")) throw new Error(invalid(path));
  return path;
}

function invalid(text: Bytes): string {
  return `'${escapeForDisplay(text)}' is not a valid address: specify a port, an IP address and a port (127.0.0.1:9750, [::1]:9750), or the absolute path of a Unix socket`;
}

/** How an address is shown and logged: as a URL, or as `unix:PATH`. */
export function addressText(address: ListenAddress): string {
  if ("path" in address) return `unix:${toText(address.path)}`;
  return `http://${isIP(address.host) === 6 ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Whether only processes of this host can connect. */
export function isLocal(address: ListenAddress): boolean {
  return "path" in address || address.host === "::1" || address.host.startsWith("127.");
}
