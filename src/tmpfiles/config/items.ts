/** Loads a configuration: from what the caller asks for to resolved items and diagnostics. */
import { type Bytes, escapeForDisplay, join, normalize } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import type { Source } from "../../base/events.js";
import { O_DIRECTORY, O_PATH } from "../../sys/files.js";
import { LIMITS, openBelow, readBelow } from "../../sys/read.js";
import type { ItemGroup } from "../model/item.js";
import type { ConfigText, LoadOptions } from "../model/options.js";
import { consequenceOf, errorAt, noteAt } from "../syntax/diagnostics.js";
import { columnOf, eachWrittenLine } from "../syntax/line.js";
import type { Pragmas } from "../syntax/pragma.js";
import { duplicateLine } from "../syntax/wording.js";
import { type CredentialError, type Credentials, credentialsOf } from "./credentials.js";
import { configDirectories, displayPath, listConfigFiles, readNamedConfig, unreadable } from "./files.js";
import { itemContext } from "./item-context.js";
import { ItemTable } from "./item-table.js";
import { LineReader } from "./line-reader.js";

export interface Loaded {
  /** The paths, in the order in which they were first written. */
  readonly exact: ItemGroup[];
  readonly globs: ItemGroup[];
  readonly diagnostics: Diagnostic[];
  /** Invalid lines were ignored: the exit status is 65 unless something worse happens. */
  readonly invalid: boolean;
  /** Configuration could not be read, or only in part: the exit status is 1. */
  readonly failed: boolean;
  /** Nothing may run: a file that the caller named could not be read, or is not safe to apply in part. */
  readonly aborted: boolean;
}

/** Loads the configuration: all lines that apply on this host, by path. Reports errors in it and throws none. */
export function loadItemsSync(options: LoadOptions): Loaded {
  const loader = new Loader(options);
  loader.load();
  return loader.result();
}

const INLINE = "(argument)" as Bytes;
const EXTRA = "tmpfiles.extra" as Bytes;

/** The state of one load. */
class Loader {
  readonly #options: LoadOptions;
  readonly #root: Bytes | undefined;
  readonly #directories: readonly Bytes[];
  readonly #table = new ItemTable();
  readonly #diagnostics: Diagnostic[] = [];
  #invalid = false;
  #failed = false;
  #aborted = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#root = options.root === undefined ? undefined : normalize(options.root);
    this.#directories = configDirectories(options.user ?? false, options.environment ?? process.env);
  }

  load(): void {
    const credentials = this.#hasRoot() ? this.#credentials() : undefined;
    if (credentials === undefined) return;
    const report = (diagnostic: Diagnostic): void => void this.#diagnostics.push(diagnostic);
    const reader = new LineReader(itemContext(this.#options, this.#root, credentials, report));
    const { args = [], replace } = this.#options;
    if (replace === undefined && args.length > 0) this.#readArguments(args, reader);
    else this.#readDirectories(args, replace, reader);
    if (this.#stops || credentials.directory === undefined) return;
    this.#take(false, () => this.#readIfThere(join(credentials.directory as Bytes, EXTRA), reader));
  }

  result(): Loaded {
    this.#table.link(this.#root ?? ("/" as Bytes));
    return {
      exact: this.#table.exact,
      globs: this.#table.globs,
      diagnostics: this.#diagnostics,
      invalid: this.#invalid,
      failed: this.#failed || this.#aborted,
      aborted: this.#aborted,
    };
  }

  get #stops(): boolean {
    return this.#aborted && this.#options.readOn !== true;
  }

  #hasRoot(): boolean {
    if (this.#root === undefined) return true;
    try {
      openBelow(undefined, this.#root, O_PATH | O_DIRECTORY).close();
      return true;
    } catch (error) {
      this.#diagnostics.push(unreadable(this.#root, error as Error));
      this.#aborted = true;
      return false;
    }
  }

  #credentials(): Credentials | undefined {
    try {
      return credentialsOf(this.#options.environment ?? process.env);
    } catch (error) {
      const { wording } = error as CredentialError;
      this.#diagnostics.push(errorAt(EXTRA, 0, { code: "bad-credential", column: 0, ...wording }));
      this.#aborted = true;
      return undefined;
    }
  }

  #readDirectories(args: readonly Bytes[], replace: Bytes | undefined, reader: LineReader): void {
    const { files, diagnostics } = listConfigFiles(
      this.#root,
      this.#directories,
      replace,
      this.#options.dialect?.suffixes,
    );
    this.#take(false, () => {
      this.#diagnostics.push(...diagnostics);
      return false;
    });
    for (const file of files) {
      if (file.replaced) this.#readArguments(args, reader);
      else this.#take(false, () => this.#readListed(file.below, reader));
      if (this.#stops) return;
    }
  }

  #readArguments(args: readonly Bytes[], reader: LineReader): void {
    const { inline } = this.#options;
    for (const [index, arg] of args.entries()) {
      this.#take(true, () =>
        inline ? this.#readInline(arg, index + 1, reader) : this.#readNamed(arg, reader),
      );
      if (this.#stops) return;
    }
  }

  /**
   * Reads a file, and then evaluates what was reported. A file that the caller named applies as a whole or not at all; of
   * the others, all valid lines apply, because the system must boot. `read` returns whether a file was read: ages are
   * inherited after each file, but not after inline lines or a missing file.
   */
  #take(named: boolean, read: () => boolean): void {
    const before = this.#diagnostics.length;
    const wasRead = read();
    const met = new Set(this.#diagnostics.slice(before).map(consequenceOf));
    this.#invalid ||= met.has("invalid");
    this.#failed ||= met.has("failed");
    this.#aborted ||= named && (met.has("aborted") || met.has("unreadable"));
    this.#failed ||= met.has("unreadable");
    if (wasRead && !met.has("aborted") && !met.has("failed")) this.#table.shareAges();
  }

  #readInline(arg: Bytes, number: number, reader: LineReader): boolean {
    this.#add({ file: INLINE, line: number, text: arg }, reader);
    return false;
  }

  #readNamed(arg: Bytes, reader: LineReader): boolean {
    return this.#readInto(arg, () => this.#readNamedText(arg), reader);
  }

  #readNamedText(arg: Bytes): ConfigText {
    const { inWorkingDirectory = false, textsRead } = this.#options;
    const known = textsRead?.get(arg);
    if (known !== undefined) return known;
    const places = { root: this.#root, directories: this.#directories, inWorkingDirectory };
    const text = readNamedConfig(arg, places);
    textsRead?.set(arg, text);
    return text;
  }

  #readListed(below: Bytes, reader: LineReader): boolean {
    const file = displayPath(this.#root, below);
    return this.#readInto(
      file,
      () => textIfThere(file, readBelow(this.#root, below, LIMITS.configuration)),
      reader,
    );
  }

  #readIfThere(file: Bytes, reader: LineReader): boolean {
    return this.#readInto(
      file,
      () => textIfThere(file, readBelow(undefined, file, LIMITS.configuration)),
      reader,
    );
  }

  #readInto(name: Bytes, read: () => ConfigText | undefined, reader: LineReader): boolean {
    let text: ConfigText | undefined;
    try {
      text = read();
    } catch (error) {
      this.#diagnostics.push(unreadable(name, error as Error));
    }
    if (text === undefined) return false;
    const report = (diagnostic: Diagnostic): void => void this.#diagnostics.push(diagnostic);
    eachWrittenLine(text.file, text.content, (source, pragmas) => this.#add(source, reader, pragmas), report);
    return true;
  }

  #add(source: Source, reader: LineReader, pragmas?: Pragmas): void {
    const before = this.#diagnostics.length;
    this.#addItem(source, reader, pragmas);
    const { text } = source;
    for (let at = before; at < this.#diagnostics.length; at++)
      this.#diagnostics[at] = { ...(this.#diagnostics[at] as Diagnostic), text };
  }

  #addItem(source: Source, reader: LineReader, pragmas: Pragmas | undefined): void {
    const read = reader.read(source);
    const item = pragmas === undefined || read === undefined ? read : { ...read, pragmas };
    const winner = item === undefined ? undefined : this.#table.add(item);
    if (item === undefined || winner === undefined) return;
    const { file, line, text } = source;
    const where = `${escapeForDisplay(winner.source.file)}:${winner.source.line}`;
    const wording = duplicateLine(item.path, where);
    this.#diagnostics.push(noteAt(file, line, columnOf(text, "path"), "duplicate", wording));
  }
}

function textIfThere(file: Bytes, content: Bytes | undefined): ConfigText | undefined {
  return content === undefined ? undefined : { file, content };
}
