/** Audits source trees: finds the files, distributes them to worker threads, and collects the findings. */
import { availableParallelism } from "node:os";
import type { Bytes } from "../base/bytes.js";
import { type CandidateFile, findFiles } from "./files.js";
import type { AuditFinding, SkippedFile } from "./finding.js";
import { auditManifests } from "./manifests/audit-manifests.js";
import { isManifestKind } from "./manifests/kinds.js";
import { JobPool } from "./pool.js";
import type { SharedConstant } from "./source/constants.js";
import type { ScanJob, ScanResult } from "./source/scan.js";

export interface AuditOptions {
  readonly paths: readonly Bytes[];
  /** Audit tests too. */
  readonly tests: boolean;
  /** The number of threads; one for each processor by default. */
  readonly jobs?: number | undefined;
}

export interface AuditReport {
  /** By file and line. */
  readonly findings: readonly AuditFinding[];
  readonly skipped: readonly SkippedFile[];
  readonly files: number;
  readonly bytes: number;
}

/** Files in one batch: few enough to share them out evenly. */
const BATCH = 32;

/** @throws Error if an operand cannot be read */
export async function audit({
  paths,
  tests,
  jobs = availableParallelism(),
}: AuditOptions): Promise<AuditReport> {
  const { files, skipped } = findFiles(paths, { tests });
  using pool = sourceThreads(jobs);
  const sources = files.filter(({ language }) => !isManifestKind(language));
  const manifests = await auditManifests(files);
  const scanned = await pool.run(batches(sources).map((batch) => ({ step: "scan", files: batch })));
  const constants = scanned.flatMap((each) => each.constants);
  const misses = scanned.flatMap((each) => each.misses);
  const searched = constants.length === 0 ? [] : await pool.run(searches(misses, constants));
  const hits = [...scanned, ...searched].flatMap((each) => each.hits);
  const analyzed = await pool.run(
    batches(hits).map((batch) => ({ step: "analyze", files: batch, constants })),
  );
  return {
    findings: [manifests, ...analyzed].flatMap((each) => each.findings).sort(inOrderOfPlace),
    skipped: [...skipped, ...[manifests, ...scanned, ...analyzed].flatMap((each) => each.skipped)],
    files: files.length,
    bytes: scanned.reduce((sum, each) => sum + each.bytes, manifests.bytes),
  };
}

export function sourceThreads(size: number): JobPool<ScanJob, ScanResult> {
  return new JobPool(new URL("./source-thread.js", import.meta.url), size);
}

function searches(files: readonly CandidateFile[], constants: readonly SharedConstant[]): ScanJob[] {
  return batches(files).map((batch) => ({ step: "search", files: batch, constants }));
}

function batches(files: readonly CandidateFile[]): CandidateFile[][] {
  const count = Math.ceil(files.length / BATCH);
  return Array.from({ length: count }, (_, index) => files.slice(index * BATCH, (index + 1) * BATCH));
}

export function inOrderOfPlace(a: AuditFinding, b: AuditFinding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column || (a.rule < b.rule ? -1 : 1);
}
