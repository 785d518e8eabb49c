/** A baseline: the findings that are known, so that only new ones are reported. */
import { readFileSync } from "node:fs";
import { type Bytes, bytes, escapeForDisplay, toBuffer, toText } from "../base/bytes.js";
import type { AuditFinding } from "./finding.js";

interface KnownFinding {
  readonly rule: string;
  readonly file: string;
  readonly fingerprint: string;
}

/** The text of a baseline file with these findings. */
export function baselineText(findings: readonly AuditFinding[]): string {
  const known = findings.map(({ rule, file, fingerprint }) => ({ rule, file: toText(file), fingerprint }));
  return `${JSON.stringify({ version: 1, findings: known }, undefined, 2)}\n`;
}

/**
 * Reads a baseline file, and returns whether a finding is in it.
 *
 * @throws Error if it cannot be read or is not a baseline
 */
export function readBaseline(path: Bytes): (finding: AuditFinding) => boolean {
  const known = knownIn(readFileSync(toBuffer(path), "utf8"), path);
  const keys = new Set(known.map(({ rule, file, fingerprint }) => keyOf(rule, bytes(file), fingerprint)));
  return ({ rule, file, fingerprint }) => keys.has(keyOf(rule, bytes(toText(file)), fingerprint));
}

function keyOf(rule: string, file: string, fingerprint: string): string {
  return `${rule}\0${file}\0${fingerprint}`;
}

function knownIn(text: string, path: Bytes): KnownFinding[] {
  try {
    const { version, findings } = JSON.parse(text) as { version?: unknown; findings?: unknown };
    if (version === 1 && Array.isArray(findings)) return findings as KnownFinding[];
  } catch {
    // Reported below.
  }
  throw new Error(`${escapeForDisplay(path)} is not a baseline file. Write one with --write-baseline.`);
}
