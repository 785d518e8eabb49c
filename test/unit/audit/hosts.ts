/** Trees of hosts with the files that a test names, and what the auditor finds in them. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type AuditReport, audit } from "#src/audit/audit.js";
import type { AuditFinding } from "#src/audit/finding.js";
import { auditHost } from "#src/audit/host/audit-host.js";
import { auditUnits } from "#src/audit/units/audit-units.js";
import { bytes } from "#src/base/bytes.js";
import { Scratch } from "../../e2e/program.js";

export type Tree = Readonly<Record<string, string>>;

/** Values that begin with `-> ` are symbolic links. */
export function treeOf(files: Tree): Scratch {
  const scratch = new Scratch();
  for (const [name, text] of Object.entries(files)) {
    const path = join(scratch.path, name);
    mkdirSync(dirname(path), { recursive: true });
    if (text.startsWith("-> ")) symlinkSync(text.slice(3), path);
    else writeFileSync(path, text, "latin1");
    if (/\/s?bin\//.test(path) && !text.startsWith("-> ")) chmodSync(path, 0o755);
  }
  return scratch;
}

const UNITS = "usr/lib/systemd/system";

/** The findings in a host with these files; names without a slash are units. */
export async function unitFindingsOf(files: Tree): Promise<readonly AuditFinding[]> {
  const named = Object.entries(files).map(([name, text]) => [
    name.includes("/") ? name : `${UNITS}/${name}`,
    text,
  ]);
  using scratch = treeOf(Object.fromEntries(named) as Tree);
  return (await auditUnits({ paths: [bytes(scratch.path)] })).findings;
}

export async function unitRules(files: Tree): Promise<string[]> {
  return (await unitFindingsOf(files)).map(({ rule }) => rule);
}

/** What an audit of the sources in these files reports. */
export async function manifestReport(files: Tree): Promise<AuditReport> {
  using scratch = treeOf(files);
  return await audit({ paths: [bytes(scratch.path)], tests: false, jobs: 1 });
}

export async function manifestFindingsOf(files: Tree): Promise<readonly AuditFinding[]> {
  return (await manifestReport(files)).findings;
}

/** What an audit of a host with these files finds in them; who owns its directories depends on the tester. */
export function hostRules(files: Tree): string[] {
  using scratch = treeOf({ "etc/passwd": "root:x:0:0::/:/bin/sh\n", "etc/group": "root:x:0:\n", ...files });
  return auditHost(bytes(scratch.path)).findings.map(({ rule }) => rule);
}
