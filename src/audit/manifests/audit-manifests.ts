/** Audits container files and Kubernetes manifests among the files of a source tree. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { toBuffer } from "../../base/bytes.js";
import { type CandidateFile, errorCode } from "../files.js";
import type { AuditFinding, SkippedFile } from "../finding.js";
import { placeFindings } from "../place-findings.js";
import { containerFindings } from "./containerfile.js";
import { isManifestKind } from "./kinds.js";
import { kubernetesFindings, ManifestSyntaxError } from "./kubernetes.js";

export interface ManifestAudit {
  readonly findings: AuditFinding[];
  readonly skipped: SkippedFile[];
  bytes: number;
}

/** A manifest this large is generated. */
const MOST_BYTES = 8 << 20;

export async function auditManifests(files: readonly CandidateFile[]): Promise<ManifestAudit> {
  const audited: ManifestAudit = { findings: [], skipped: [], bytes: 0 };
  for (const { file, language } of files) {
    if (!isManifestKind(language)) continue;
    try {
      const text = readManifest(toBuffer(file));
      if (text === undefined) {
        audited.skipped.push({ file, reason: "too-large" });
        continue;
      }
      audited.bytes += text.length;
      const found =
        language === "containerfile"
          ? containerFindings({ file, text })
          : await kubernetesFindings({ file, text });
      audited.findings.push(...placeFindings({ file, text }, found));
    } catch (error) {
      audited.skipped.push(
        error instanceof ManifestSyntaxError
          ? { file, reason: "not-yaml", detail: error.message }
          : { file, reason: "unreadable", detail: errorCode(error) },
      );
    }
  }
  return audited;
}

/** One character for each byte; undefined if the file is too large. */
function readManifest(file: Buffer): string | undefined {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return fstatSync(fd).size > MOST_BYTES ? undefined : readFileSync(fd, "latin1");
  } finally {
    closeSync(fd);
  }
}
