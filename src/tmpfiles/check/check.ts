/** The checker: finds lines that systemd-tmpfiles rejects or silently ignores, and likely mistakes. */
import { normalize } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import { readMountInfo } from "../../sys/mountinfo.js";
import { type Loaded, loadItemsSync } from "../config/items.js";
import { type CheckOptions, requireCheckOptions } from "../model/options.js";
import { DIAGNOSTIC_CODES } from "../syntax/diagnostics.js";
import { columnOf } from "../syntax/line.js";
import { Configuration } from "./configuration.js";
import { DUPLICATE_AT_BOOT, explanationOf, type FindingText } from "./explanations.js";
import type { Rule, Spot } from "./rule.js";
import { RULES } from "./rules.js";

/** An error or a likely mistake in one line. The message describes this line, the other fields the problem in general. */
export interface Finding extends Diagnostic, FindingText {}

/** Every code that a finding can have. */
export const FINDING_CODES: readonly string[] = [
  ...RULES.map(({ code }) => code),
  ...DIAGNOSTIC_CODES,
  DUPLICATE_AT_BOOT,
].sort();

/**
 * Reads configuration without running it, and reports what systemd-tmpfiles 262 would reject, what it accepts and ignores,
 * and what it does that is hardly intended. The findings are ordered by file (in reading order), line and column. It reads
 * the configuration, what is needed to resolve specifiers and owners, and whether directories that lines clean are
 * symlinks; it changes nothing.
 *
 * @throws TypeError if the options themselves are invalid.
 */
export function checkSync(options: CheckOptions = {}): Finding[] {
  requireCheckOptions(options);
  // The source of a copy need not be installed where the configuration is checked.
  const whole = { ...options, readOn: true, assumeSources: true, textsRead: new Map() };
  const boot = loadItemsSync({ ...whole, boot: true });
  const day = loadItemsSync({ ...whole, boot: false });
  const root = options.root === undefined ? undefined : normalize(options.root);
  const mounts = options.mounts ?? (root === undefined ? readMountInfo() : []);
  const configuration = new Configuration(
    [...boot.exact, ...boot.globs],
    [...day.exact, ...day.globs],
    root,
    mounts,
  );
  const found = RULES.flatMap((rule) => [...rule.find(configuration)].map((spot) => finding(rule, spot)));
  return inOrder([...reported(boot, day), ...found], boot);
}

function finding(rule: Rule, spot: Spot): Finding {
  const { code, title, why } = rule;
  const { source, field, at = 0, detail, severity = rule.severity, fix = rule.fix } = spot;
  const { file, line, text } = source;
  const column = columnOf(text, field) + at;
  return { file, line, column, text, severity, code, message: detail, title, why, fix };
}

/**
 * Diagnostics of loading. A conflict that a line loses only at boot, to a line that applies only then, is likely intended.
 */
function reported(boot: Loaded, day: Loaded): Finding[] {
  const place = ({ code, file, line }: Diagnostic): string => `${code} ${line} ${file}`;
  const byDay = new Set(day.diagnostics.map(place));
  const notLoaded = new Set(
    day.diagnostics.filter(({ code }) => code === "not-at-boot").map((d) => `${d.line} ${d.file}`),
  );
  const losesAtBoot = (diagnostic: Diagnostic): boolean =>
    diagnostic.code === "duplicate" &&
    !byDay.has(place(diagnostic)) &&
    !notLoaded.has(`${diagnostic.line} ${diagnostic.file}`);
  return boot.diagnostics
    .filter(({ severity }) => severity !== "debug")
    .map((each) =>
      losesAtBoot(each) ? { ...each, code: DUPLICATE_AT_BOOT, severity: "info" as const } : each,
    )
    .map((each) => ({ ...each, ...explanationOf(each) }));
}

/** Sorts by file, in reading order. */
function inOrder(findings: readonly Finding[], { exact, globs }: Loaded): Finding[] {
  const files = new Map<string, number>();
  const rank = (file: string): number => {
    const known = files.get(file);
    if (known !== undefined) return known;
    files.set(file, files.size);
    return files.size - 1;
  };
  for (const group of [...exact, ...globs]) for (const item of group.items) rank(item.source.file);
  return [...findings].sort((a, b) => rank(a.file) - rank(b.file) || a.line - b.line || a.column - b.column);
}
