/** Base64 as systemd reads it. */
import type { Bytes } from "../../base/bytes.js";

const BLANKS = /[ \t\n\r]+/g;
const WELL_FORMED = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Base64 of RFC 4648, by either of its alphabets, in which blanks may stand anywhere; undefined for what is none, and for
 * stray bits at its end.
 */
export function decodeBase64(text: Bytes): Bytes | undefined {
  const packed = text.replace(BLANKS, "").replaceAll("-", "+").replaceAll("_", "/");
  if (!WELL_FORMED.test(packed)) return undefined;
  const data = Buffer.from(packed, "base64");
  return data.toString("base64") === packed ? (data.toString("latin1") as Bytes) : undefined;
}
