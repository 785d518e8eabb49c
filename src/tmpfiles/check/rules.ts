/** All rules of check. */
import { AGE_RULES } from "./age-rules.js";
import { DISK_RULES } from "./disk-rules.js";
import { EXCLUSION_RULES } from "./exclusion-rules.js";
import { LINE_RULES } from "./line-rules.js";
import { PERMISSION_RULES } from "./permission-rules.js";
import { REMOVAL_RULES } from "./removal-rules.js";
import type { Rule } from "./rule.js";

/** All rules, the most severe first. The diagnostics of systemd-tmpfiles itself precede them: see `check`. */
export const RULES: readonly Rule[] = [
  ...REMOVAL_RULES,
  ...PERMISSION_RULES,
  ...AGE_RULES,
  ...EXCLUSION_RULES,
  ...LINE_RULES,
  ...DISK_RULES,
];
