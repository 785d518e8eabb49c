/** Analyzes one source file. */
import type { Bytes } from "../../base/bytes.js";
import type { AuditFinding, PathStep, SkipReason } from "../finding.js";
import type { GrammarName, Grammars } from "../grammars.js";
import { LANGUAGES } from "../languages/table.js";
import { ruleOf } from "../rules.js";
import { parseTree } from "../syntax/tree.js";
import { Evaluator, type ForeignConstant } from "../values/evaluate.js";
import type { ValueStep } from "../values/value.js";
import { commandUses, guessablePath } from "./command.js";
import { fingerprints } from "./fingerprints.js";
import { lineAt, lineIndex } from "./lines.js";
import { type RawFinding, sourceFindings } from "./source-findings.js";
import { suppressionsIn } from "./suppressions.js";
import { UNPARSED, unparsedFindings } from "./unparsed.js";
import type { CommandUse } from "./use.js";

/** A file that takes longer to parse is reported as too slow. */
const PARSE_MILLISECONDS = 10_000;
const SHELL = "shell";

export interface SourceFile {
  readonly file: Bytes;
  readonly language: string;
  /** One character for each byte. */
  readonly text: string;
  readonly constants: ReadonlyMap<string, ForeignConstant>;
}

/** The grammars that a file needs. Commands in other languages are parsed as shell. */
export function grammarsFor(language: string): GrammarName[] {
  const known = languageNamed(language);
  return known === undefined ? [] : [known.grammar, "bash"];
}

const languageNamed = (name: string) => (Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : undefined);

export function isAnalyzed(language: string): boolean {
  return UNPARSED.includes(language) || languageNamed(language) !== undefined;
}

/** The findings in a file, whose grammars are loaded; or why it was not analyzed. */
export function analyzeSource(source: SourceFile, grammars: Grammars): readonly AuditFinding[] | SkipReason {
  const { language, text } = source;
  if (UNPARSED.includes(language)) return placed(unparsedFindings(language, text), source, true);
  const found = findingsIn(source, grammars);
  return found === undefined ? "too-slow" : placed(found, source, false);
}

function findingsIn({ language: name, text, constants }: SourceFile, grammars: Grammars) {
  const language = languageNamed(name);
  if (language === undefined) return [];
  const root = parseTree(grammars.parser(language.grammar), text, PARSE_MILLISECONDS);
  if (root === undefined) return undefined;
  const program = language.lower(root, text);
  const evaluator = new Evaluator(program, { ...language.knowledge, constants });
  return sourceFindings({
    program,
    evaluator,
    language,
    text,
    shell: (command) => commandsIn(command, grammars),
  });
}

const NO_CONSTANTS: ReadonlyMap<string, ForeignConstant> = new Map();

/** `sh -c` in `sh -c`, up to this depth. */
const MOST_NESTED = 3;

/** What a shell command in another language's text does with guessable paths. */
function commandsIn(command: string, grammars: Grammars, depth = 0): CommandUse[] {
  const language = languageNamed(SHELL);
  if (language === undefined || depth > MOST_NESTED) return [];
  const root = parseTree(grammars.parser("bash"), command, PARSE_MILLISECONDS);
  if (root === undefined) return [];
  const program = language.lower(root, command);
  const evaluator = new Evaluator(program, { ...language.knowledge, constants: NO_CONSTANTS });
  const nested = (inner: string): CommandUse[] => commandsIn(inner, grammars, depth + 1);
  return program.calls.flatMap((call) =>
    language.uses(call, command).flatMap(({ action, path }) => {
      const values = evaluator.of(path, call);
      if (action === "command") return values.flatMap((value) => commandUses(value, nested) ?? []);
      const shown = guessablePath(values);
      return shown === undefined ? [] : [{ action, path: shown }];
    }),
  );
}

function placed(found: readonly RawFinding[], source: SourceFile, unparsed: boolean): AuditFinding[] {
  const { file, text } = source;
  const position = lineIndex(text);
  const suppressed = suppressionsIn(text);
  const step = ({ at, message, elsewhere }: ValueStep): PathStep =>
    elsewhere === undefined
      ? { file, ...position(at), message }
      : { file: elsewhere.file as Bytes, line: elsewhere.line, column: elsewhere.column, message };
  const prints = fingerprints(text);
  return found.map((raw) => {
    const { line, column } = position(raw.at);
    const end = position(raw.end);
    const reason = suppressed(raw.rule, line);
    const own = { file, line, column, message: raw.message };
    return {
      rule: raw.rule,
      severity: ruleOf(raw.rule).severity,
      file,
      line,
      column,
      endLine: end.line,
      endColumn: end.column,
      message: raw.message,
      text: lineAt(text, raw.at) as Bytes,
      steps: raw.steps.length === 0 ? [] : [...raw.steps.map(step), own],
      fingerprint: prints(raw.rule, raw.at),
      unparsed,
      ...(reason === undefined ? {} : { suppressed: reason }),
      ...(raw.edit === undefined ? {} : { edit: raw.edit }),
    };
  });
}
