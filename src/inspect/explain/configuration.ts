/** Loads the configuration that explain, forecast and watch ask about, as the cleaner in question understands it. */
import type { Bytes } from "../../base/bytes.js";
import { escapeForDisplay } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import { dryRunWalkEffects, NO_LOCK, type WalkEffects } from "../../tmpfiles/ageing/walk-effects.js";
import { configDirectories, listConfigFiles } from "../../tmpfiles/config/files.js";
import { type Loaded, loadItemsSync } from "../../tmpfiles/config/items.js";
import type { Item } from "../../tmpfiles/model/item.js";
import type { ConfigText } from "../../tmpfiles/model/options.js";
import { DEFAULT_AGE_BY_DIRECTORY, DEFAULT_AGE_BY_FILE } from "../../tmpfiles/syntax/age.js";
import { parseLine } from "../../tmpfiles/syntax/line.js";

/** The cleaner that is asked about: of systemd 262, which Mayfly itself implements, or of an older host. */
export type CleanerVersion = 252 | 262;

export interface ConfigurationOptions {
  /** Configuration files, as `mayfly clean` takes them; all of the host's if none is named. */
  readonly config?: readonly Bytes[];
  readonly root?: Bytes;
  readonly version?: CleanerVersion;
  /** The user's own configuration (user-tmpfiles.d) instead of the system's. */
  readonly user?: boolean;
  /** A name that no configuration directory has is a file in the working directory. */
  readonly inWorkingDirectory?: boolean;
  /** Keeps what was read of `config`, for loading it again: a pipe can be read only once. */
  readonly textsRead?: Map<Bytes, ConfigText>;
}

/** The lines that apply, as that cleaner understands them. */
export function loadConfiguration(options: ConfigurationOptions, boot = false): Loaded {
  const { config = [], root, version, user = false, inWorkingDirectory = false } = options;
  const dialect252 = version === 252;
  const texts = options.textsRead === undefined ? {} : { textsRead: options.textsRead };
  const loaded = loadItemsSync({
    args: config,
    root,
    boot,
    dialect252,
    user,
    inWorkingDirectory,
    readOn: true,
    ...texts,
  });
  if (dialect252) {
    for (const { items } of [...loaded.exact, ...loaded.globs])
      items.splice(0, items.length, ...items.map(itemAsIn252));
  }
  return loaded;
}

/** Configuration that was named can't be read: there is nothing to go by. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(diagnosticText).join("\n"));
    this.diagnostics = diagnostics;
  }
}

/** `FILE:LINE: MESSAGE`, or without a line if the file as a whole is meant. */
export function diagnosticText({ file, line, message }: Diagnostic): string {
  return `${escapeForDisplay(file)}${line > 0 ? `:${line}` : ""}: ${message}`;
}

/**
 * A file that was named is run as a whole or not at all. Who hears of each problem may go on with the lines that are right.
 *
 * @throws ConfigurationError if nothing can be read, or if a run would do nothing and nobody is told.
 */
export function requireReadable({ aborted, diagnostics }: Loaded, isTold: boolean): void {
  if (!aborted) return;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const whole = errors.filter(({ line }) => line === 0);
  if (whole.length > 0) throw new ConfigurationError(whole);
  if (!isTold) throw new ConfigurationError(errors);
}

/** What is wrong with the configuration, by the lines that apply daily and those of a boot. */
export function problemsOf(day: Loaded, boot: Loaded): Diagnostic[] {
  const key = ({ file, line, code }: Diagnostic): string => `${file}\0${line}\0${code}`;
  const known = new Set(day.diagnostics.map(key));
  const atBoot = boot.diagnostics.filter((each) => each.severity === "error" && !known.has(key(each)));
  return [...day.diagnostics, ...atBoot].filter(
    ({ severity }) => severity === "error" || severity === "warning",
  );
}

/** Whether this user has configuration of their own. */
export function hasUserConfiguration(): boolean {
  return listConfigFiles(undefined, configDirectories(true, process.env), undefined).files.length > 0;
}

/** 252 asks for no locks on files, only on directories. */
export function inspectingEffects(version: CleanerVersion): WalkEffects {
  const effects = dryRunWalkEffects();
  return version === 252 ? { ...effects, lockFile: () => NO_LOCK } : effects;
}

/** In 252 `X` inherits an age without its age-by, `r` and `R` remove by no age, and `x` with one cleans a path as written. */
function itemAsIn252(item: Item): Item {
  if (item.age === undefined) return item;
  if (item.type.clean !== undefined && item.type.remove !== undefined && item.type.path === "glob") {
    return { ...item, age: undefined };
  }
  if (item.letter === "x" && /[*?[{\\]/.test(item.path)) return { ...item, age: undefined };
  if (item.type.ageInheritance !== "inherits" || saysAgeBy(item)) return item;
  return {
    ...item,
    age: { ...item.age, byFile: DEFAULT_AGE_BY_FILE, byDirectory: DEFAULT_AGE_BY_DIRECTORY },
  };
}

function saysAgeBy({ source }: Item): boolean {
  const line = parseLine(source);
  return "age" in line && line.age?.includes(":") === true;
}
