/** Audits a host: kernel settings, shared directories, processes, tmpfiles.d and cleaners. */
import { realpathSync } from "node:fs";
import { type Bytes, bytes, EMPTY, fromBuffer, toBuffer } from "../../base/bytes.js";
import { checkSync } from "../../tmpfiles/index.js";
import { type AuditReport, inOrderOfPlace } from "../audit.js";
import type { AuditSeverity, SkippedFile } from "../finding.js";
import { ROOT_DIRECTORY, RootFiles } from "../units/root-files.js";
import { cleanerFindings } from "./cleaners.js";
import { type HostFinding, placedInHost } from "./host-finding.js";
import { protectionFindings } from "./protections.js";
import { processFindings } from "./root-processes.js";
import { directoryFindings } from "./shared-directories.js";

/**
 * Audits this host, or the files of another below `root`: then without what only a running kernel has.
 *
 * @throws Error if the root does not exist
 */
export function auditHost(root: Bytes | undefined): AuditReport {
  const top =
    root === undefined ? ROOT_DIRECTORY : fromBuffer(realpathSync(toBuffer(root), { encoding: "buffer" }));
  const live = top === ROOT_DIRECTORY;
  const files = new RootFiles(top);
  const found = [
    ...protectionFindings(files, live),
    ...directoryFindings(files, live),
    ...(live ? processFindings() : []),
    ...tmpfilesFindings(live ? undefined : top),
    ...cleanerFindings(files),
  ];
  return {
    findings: found.map(placedInHost).sort(inOrderOfPlace),
    skipped: live ? unreadableProcesses() : [],
    files: 0,
    bytes: 0,
  };
}

function unreadableProcesses(): SkippedFile[] {
  if (process.geteuid?.() === 0) return [];
  return [
    {
      file: bytes("/proc"),
      reason: "unreadable",
      detail: "the files of root's processes are only readable by root",
    },
  ];
}

const SEVERITIES: Readonly<Record<string, AuditSeverity>> = {
  error: "warning",
  warning: "warning",
  info: "note",
};

function tmpfilesFindings(root: Bytes | undefined): HostFinding[] {
  return checkSync({ root }).map(({ file, line, column, text = EMPTY, severity, code, message }) => ({
    rule: "HOST004",
    severity: SEVERITIES[severity] ?? "note",
    file,
    line: Math.max(line, 1),
    column: Math.max(column, 1),
    text,
    message: `${message} (${code})`,
  }));
}
