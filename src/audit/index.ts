/** The auditor: unsafe uses of shared temporary directories in source code, units, container files and on hosts. */
export { type AuditReport, audit } from "./audit.js";
export { baselineText, readBaseline } from "./baseline.js";
export type { AuditFinding, AuditRule, AuditSeverity, PathStep, SkippedFile } from "./finding.js";
export { applyFixes } from "./fix.js";
export { auditHost } from "./host/audit-host.js";
export { AUDIT_RULES, ruleOf } from "./rules.js";
export { auditUnits } from "./units/audit-units.js";
