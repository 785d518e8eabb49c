/** Trees of hosts with the files that a test names, and what the auditor finds in them. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AuditFinding } from "#src/audit/finding.js";
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
