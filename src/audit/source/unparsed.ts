/** Perl, PHP and Ruby: found by patterns, one line at a time. Their findings are marked as unparsed. */
import type { RawFinding } from "./source-findings.js";

const SHARED = String.raw`\/(?:var\/|usr\/)?tmp\/|\/dev\/shm\/`;
/** A quoted path in a shared directory, without what makes names random. */
const QUOTED = String.raw`["'](?:${SHARED})[\w.$@{}#/:>-]*["']?`;

const PATTERNS: Readonly<Record<string, readonly (readonly [rule: string, pattern: RegExp])[]>> = {
  perl: [
    [
      "TMP001",
      new RegExp(
        String.raw`\b(?:sys)?open\b[^;\n]*(?:["']\s*\+?>{1,2}\s*(?:${SHARED})|["']\+?>{1,2}[^"']*["']\s*,\s*${QUOTED})`,
      ),
    ],
    ["TMP005", new RegExp(String.raw`\bmkdir\b\s*\(?\s*${QUOTED}`)],
    ["TMP006", new RegExp(String.raw`(?:\bsystem\b|\bexec\b|\x60|\bqx\b)[^;\n]*>\s*(?:${SHARED})\w`)],
    ["TMP008", new RegExp(String.raw`\b(?:do|require)\s*\(?\s*${QUOTED}`)],
  ],
  php: [
    [
      "TMP001",
      new RegExp(
        String.raw`\bfile_put_contents\s*\(\s*${QUOTED}|\bfopen\s*\(\s*${QUOTED}\s*(?:\.[^,\n]*)?,\s*["'][wa]`,
      ),
    ],
    ["TMP005", new RegExp(String.raw`\bmkdir\s*\(\s*${QUOTED}`)],
    ["TMP006", new RegExp(String.raw`\b(?:shell_exec|exec|system|passthru)\b[^;\n]*>\s*(?:${SHARED})\w`)],
    ["TMP008", new RegExp(String.raw`\b(?:include|require)(?:_once)?\b\s*\(?\s*${QUOTED}`)],
  ],
  ruby: [
    [
      "TMP001",
      new RegExp(
        String.raw`\bFile\.(?:open|new)\s*\(?\s*${QUOTED}\s*,\s*["'][wa]|\bFile\.write\s*\(?\s*${QUOTED}`,
      ),
    ],
    ["TMP005", new RegExp(String.raw`\b(?:Dir\.mkdir|FileUtils\.mkdir_p)\s*\(?\s*${QUOTED}`)],
    ["TMP006", new RegExp(String.raw`(?:\bsystem\b|\x60|%x)[^;\n]*>\s*(?:${SHARED})\w`)],
    ["TMP008", new RegExp(String.raw`\b(?:load|require)\s*\(?\s*${QUOTED}`)],
  ],
};

export const UNPARSED: readonly string[] = Object.keys(PATTERNS);

const COMMENT = /^\s*(#|\/\/|\*|=begin)/;
const RANDOM = /XXXX|uniqid|SecureRandom|random|File::Temp|tempnam|Tempfile/i;

export function unparsedFindings(language: string, text: string): RawFinding[] {
  const found: RawFinding[] = [];
  let at = 0;
  for (const line of text.split("\n")) {
    if (line.length < 2000 && !COMMENT.test(line) && !RANDOM.test(line)) {
      const hit = PATTERNS[language]?.find(([, pattern]) => pattern.test(line));
      if (hit !== undefined) found.push(findingAt(hit[0], line, at));
    }
    at += line.length + 1;
  }
  return found;
}

function findingAt(rule: string, line: string, at: number): RawFinding {
  const start = at + line.length - line.trimStart().length;
  const path = new RegExp(`(?:${SHARED})[\\w.$@{}#/-]*`).exec(line)?.[0] ?? "";
  const message = `a pattern matches a use of '${path}', a name that other users can guess`;
  return { rule, at: start, end: at + line.trimEnd().length, message, steps: [], key: path };
}
