/** Fingerprints of findings: they follow a finding when other lines of its file change. */
import { createHash } from "node:crypto";
import { lineAt } from "./lines.js";

/**
 * Returns a function that makes the fingerprint of a finding: a hash of its rule and of its line without white space, and the
 * number of the earlier findings with the same hash.
 */
export function fingerprints(text: string): (rule: string, at: number) => string {
  const seen = new Map<string, number>();
  return (rule, at) => {
    const line = lineAt(text, at).replaceAll(/\s+/g, "");
    const hash = createHash("sha256").update(`${rule}\0${line}`, "latin1").digest("hex").slice(0, 16);
    const count = (seen.get(hash) ?? 0) + 1;
    seen.set(hash, count);
    return `${hash}:${count}`;
  };
}
