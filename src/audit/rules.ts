/** The table of all rules. A family of rules stands beside the code that finds them. */
import type { AuditRule } from "./finding.js";
import { HOST_RULES } from "./host/rules.js";
import { MANIFEST_RULES } from "./manifests/rules.js";
import { SOURCE_RULES } from "./source/rules.js";
import { UNIT_RULES } from "./units/rules.js";

export const AUDIT_RULES: readonly AuditRule[] = [
  ...SOURCE_RULES,
  ...UNIT_RULES,
  ...MANIFEST_RULES,
  ...HOST_RULES,
];

const byId = new Map(AUDIT_RULES.map((rule) => [rule.id, rule]));

/** @throws Error if there is no such rule */
export function ruleOf(id: string): AuditRule {
  const rule = byId.get(id);
  if (rule === undefined) throw new Error(`no rule ${id}`);
  return rule;
}
