/** The steps of an audit of sources, each for a batch of files: they run in worker threads. */
import { closeSync, constants as flags, fstatSync, openSync, readFileSync } from "node:fs";
import { toBuffer } from "../../base/bytes.js";
import { type CandidateFile, errorCode } from "../files.js";
import type { AuditFinding, SkippedFile, SkipReason } from "../finding.js";
import { Grammars } from "../grammars.js";
import { analyzeSource, grammarsFor, isAnalyzed } from "./analyze.js";
import { constantsIn, directoryOf, familyOf, type SharedConstant, visibleConstants } from "./constants.js";
import { languageByFirstLine } from "./kinds.js";

export type ScanJob =
  | { readonly step: "scan"; readonly files: readonly CandidateFile[] }
  /** Which files use one of these names. */
  | {
      readonly step: "search";
      readonly files: readonly CandidateFile[];
      readonly constants: readonly SharedConstant[];
    }
  | {
      readonly step: "analyze";
      readonly files: readonly CandidateFile[];
      readonly constants: readonly SharedConstant[];
    };

export interface ScanResult {
  /** Files that may have findings. */
  readonly hits: CandidateFile[];
  /** Files that have none, unless they use a constant of another file. */
  readonly misses: CandidateFile[];
  readonly constants: SharedConstant[];
  readonly findings: AuditFinding[];
  readonly skipped: SkippedFile[];
  bytes: number;
}

/** A source this large is generated, or no source. */
const MOST_BYTES = 8 << 20;

/** Whatever can become a finding contains one of these. */
const PREFILTER =
  /\/tmp\b|\/dev\/shm|\bTE?MP(?:DIR)?\b|TEMPDIR|[tT]mp_?[dD]ir|P_tmpdir|_PATH_(?:VAR)?TMP|tmp_dir|tmpnam|tempnam|mktemp|gettempdir|TempDir|temp_directory_path/;

export class Scanner {
  readonly #grammars = new Grammars();

  async run(job: ScanJob): Promise<ScanResult> {
    const result: ScanResult = { hits: [], misses: [], constants: [], findings: [], skipped: [], bytes: 0 };
    const names = job.step === "search" ? nameSearch(job.constants) : undefined;
    for (const each of job.files) {
      const text = read(each, result);
      if (text === undefined) continue;
      if (job.step === "scan") scan(each, text, result);
      else if (names !== undefined) {
        if (names.test(text)) result.hits.push(each);
      } else if (job.step === "analyze") await this.#analyze(each, text, job.constants, result);
    }
    return result;
  }

  async #analyze(
    { file, language }: CandidateFile,
    text: string,
    all: readonly SharedConstant[],
    result: ScanResult,
  ): Promise<void> {
    try {
      await this.#grammars.load(grammarsFor(language));
      const constants = visibleConstants(all, language, directoryOf(file));
      const found = analyzeSource({ file, language, text, constants }, this.#grammars);
      if (typeof found === "string") result.skipped.push({ file, reason: found });
      else result.findings.push(...found);
    } catch (error) {
      result.skipped.push({ file, reason: "failed", detail: String(error) });
    }
  }
}

function scan({ file, language }: CandidateFile, text: string, result: ScanResult): void {
  result.bytes += text.length;
  const known = language === "" ? languageByFirstLine(text) : language;
  if (known === undefined || !isAnalyzed(known)) return;
  if (!PREFILTER.test(text)) {
    if (familyOf(known) !== undefined) result.misses.push({ file, language: known });
    return;
  }
  result.hits.push({ file, language: known });
  result.constants.push(...constantsIn(file, known, text));
}

function nameSearch(constants: readonly SharedConstant[]): RegExp {
  const names = [...new Set(constants.map(({ name }) => name))].slice(0, 1000);
  return new RegExp(`\\b(?:${names.join("|")})\\b`);
}

function read({ file, language }: CandidateFile, { skipped }: ScanResult): string | undefined {
  const skip = (reason: SkipReason, detail?: string): undefined => {
    skipped.push({ file, reason, ...(detail === undefined ? {} : { detail }) });
  };
  let fd: number;
  try {
    fd = openSync(toBuffer(file), flags.O_RDONLY | flags.O_NOFOLLOW | flags.O_NONBLOCK);
  } catch (error) {
    return skip("unreadable", errorCode(error));
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return skip("not-regular");
    if (stats.size > MOST_BYTES) return language === "" ? undefined : skip("too-large");
    const text = decoded(readFileSync(fd));
    if (!text.slice(0, 8000).includes("\0")) return text;
    return language === "" ? undefined : skip("binary");
  } catch (error) {
    return skip("unreadable", errorCode(error));
  } finally {
    closeSync(fd);
  }
}

/** One character for each byte; a byte order mark becomes white space, and UTF-16 becomes bytes of UTF-8. */
function decoded(data: Buffer): string {
  if (data[0] === 0xff && data[1] === 0xfe)
    return Buffer.from(data.toString("utf16le"), "utf8").toString("latin1");
  if (data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf) return `   ${data.toString("latin1", 3)}`;
  return data.toString("latin1");
}
