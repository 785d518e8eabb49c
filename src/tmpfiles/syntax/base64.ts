/** Decodes base64 as systemd does. */
import type { Bytes } from "../../base/bytes.js";

const BLANKS = /[ \t\n\r]+/g;
const WELL_FORMED = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Decodes base64 in either alphabet of RFC 4648, with blanks anywhere; undefined if it is invalid or has stray bits at its
 * end.
 */
export function decodeBase64(text: Bytes): Bytes | undefined {
  const packed = text.replace(BLANKS, "").replaceAll("-", "+").replaceAll("_", "/");
  if (!WELL_FORMED.test(packed)) return undefined;
  const data = Buffer.from(packed, "base64");
  return data.toString("base64") === packed ? (data.toString("latin1") as Bytes) : undefined;
}
