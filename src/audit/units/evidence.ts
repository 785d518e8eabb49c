/** Collects evidence that a program uses the shared /tmp: from its source if it is a script, else from its strings. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { sourceThreads } from "../audit.js";
import type { AuditFinding, PathStep } from "../finding.js";
import { isGuessable, isSharedDirectory, isSharedPath, sharedPathsIn } from "../shared-paths.js";
import { languageByFirstLine } from "../source/kinds.js";
import { lineAt, lineIndex } from "../source/lines.js";
import type { UnitCommand } from "./commands.js";
import type { RootFiles } from "./root-files.js";

/** What a program does in the shared temporary directories. */
export interface ProgramUse {
  /** It creates, writes or executes names that others can guess. */
  readonly guessable: readonly PathStep[];
  /** It uses the directories at all, also under random names. */
  readonly any: readonly PathStep[];
  /** It locks what it works on. */
  readonly locks: boolean;
}

const NOTHING: ProgramUse = { guessable: [], any: [], locks: false };
/** Sockets that display servers and their clients agree on; tmpfiles.d makes their directories at boot. */
const DISPLAY = /\/\.(?:X11|ICE|XIM|font|Test)-unix|\/\.X\d*(?:%d)?-lock/;

/** The use that each of these programs makes, by its path. */
export async function programUses(
  commands: readonly UnitCommand[],
  files: RootFiles,
): Promise<ReadonlyMap<string, ProgramUse>> {
  const programs = [...new Set(commands.flatMap(({ program }) => program ?? []))];
  const uses = new Map<string, ProgramUse>();
  const scripts: { readonly file: Bytes; readonly language: string; readonly program: string }[] = [];
  for (const program of programs) {
    const text = files.read(program) ?? "";
    const language = languageByFirstLine(text);
    const file = files.locate(program);
    if (language !== undefined && file !== undefined) scripts.push({ file, language, program });
    else if (text.startsWith("\x7fELF")) uses.set(program, stringUse(text, files.shown(program)));
  }
  const found = await analyzed(scripts);
  for (const { program, file } of scripts)
    uses.set(program, scriptUse(files.read(program) ?? "", file, found.get(file) ?? []));
  return uses;
}

async function analyzed(
  files: readonly { readonly file: Bytes; readonly language: string }[],
): Promise<ReadonlyMap<Bytes, AuditFinding[]>> {
  const byFile = new Map<Bytes, AuditFinding[]>();
  if (files.length === 0) return byFile;
  using pool = sourceThreads(1);
  const list = files.map(({ file, language }) => ({ file, language }));
  const [result] = await pool.run([{ step: "analyze", files: list, constants: [] }]);
  for (const each of result?.findings ?? []) byFile.set(each.file, [...(byFile.get(each.file) ?? []), each]);
  return byFile;
}

/** Findings of the source, and each line that names a directory; comments are left out. */
function scriptUse(text: string, file: Bytes, findings: readonly AuditFinding[]): ProgramUse {
  const position = lineIndex(text);
  const guessable = findings
    .filter(({ severity, suppressed }) => severity !== "note" && suppressed === undefined)
    .map(({ line, column, message }) => ({ file, line, column, message }));
  const used = [...text.matchAll(/\/(?:var\/)?tmp\b|\b(?:mktemp|tempfile|mkdtemp|mkstemp)\b/g)]
    .filter(({ index }) => !/^\s*#/.test(lineAt(text, index)))
    .map((match) => ({ file, ...position(match.index), message: `uses '${match[0]}'` }));
  return { guessable, any: used, locks: /\bflock\b|\blockf\b/.test(text) };
}

const STRING = /\0(\/(?:(?:var\/)?tmp|dev\/shm)\/[\w.%+@~/-]+)(?=\0)/g;

/** The paths among the strings of a compiled program. */
function stringUse(text: string, file: Bytes): ProgramUse {
  const paths = [...text.matchAll(STRING)]
    .map((match) => ({ path: match[1] ?? "", at: match.index + 1 }))
    .filter(({ path }) => !DISPLAY.test(path));
  const step = ({ path, at }: { path: string; at: number }): PathStep => ({
    file,
    line: 1,
    column: at + 1,
    message: `the program contains '${path}'`,
  });
  return {
    guessable: paths.filter(({ path }) => isGuessable(path)).map(step),
    any: paths.map(step),
    locks: /\0(?:flock|lockf|lockf64)\0/.test(text),
  };
}

const WRITES =
  />{1,2}\s*$|\b(?:touch|tee|mkdir|mkfifo|cp|mv|ln|install|dd|rm|chmod|chown|tar|rsync)\b[^;&|\n]*$|\bof=$/;

/** What the unit's own line shows: redirections of `sh -c`, and paths among the arguments. */
function lineUse({ setting, script, words }: UnitCommand): ProgramUse {
  const { file, at, value } = setting;
  const position = lineIndex(file.text);
  const start = script === undefined ? 0 : Math.max(0, value.search(/\s-\w*[ce]\s/));
  const paths = sharedPathsIn(value).filter((each) => each.at >= start && !DISPLAY.test(each.path));
  const step = (each: { path: string; at: number }): PathStep => ({
    file: file.file,
    ...position(at + each.at),
    message: `the command uses '${escapeForDisplay(each.path as Bytes)}'`,
  });
  const guessable = paths.filter(({ path, at: offset }) => {
    if (!isGuessable(path)) return false;
    return script === undefined ? words.length > 0 : WRITES.test(value.slice(start, offset));
  });
  const any = paths.filter(({ path }) => isSharedPath(path) || isSharedDirectory(path));
  return { guessable: guessable.map(step), any: any.map(step), locks: /\bflock\b/.test(value) };
}

/** The use of a command: of its line and of its program. */
export function useOf(command: UnitCommand, uses: ReadonlyMap<string, ProgramUse>): ProgramUse {
  const own = lineUse(command);
  const program = command.program === undefined ? NOTHING : (uses.get(command.program) ?? NOTHING);
  return {
    guessable: [...own.guessable, ...program.guessable],
    any: [...own.any, ...program.any],
    locks: own.locks || program.locks,
  };
}
