/** Loads the configuration for explain, forecast and watch, as the given version of systemd interprets it. */
import type { Bytes } from "../../base/bytes.js";
import { escapeForDisplay } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import { dryRunWalkEffects, type WalkEffects } from "../../tmpfiles/ageing/walk-effects.js";
import { configDirectories, listConfigFiles } from "../../tmpfiles/config/files.js";
import { type Loaded, loadItemsSync } from "../../tmpfiles/config/items.js";
import { DIALECT_252, DIALECT_262, type Dialect } from "../../tmpfiles/model/dialect.js";
import type { ConfigText } from "../../tmpfiles/model/options.js";

/** The version of systemd whose cleaner is evaluated: 262, which Mayfly itself implements, or an older one. */
export type CleanerVersion = 252 | 262;

const DIALECTS: Readonly<Record<CleanerVersion, Dialect>> = { 252: DIALECT_252, 262: DIALECT_262 };

export interface ConfigurationOptions {
  /** Configuration files, as for `mayfly clean`; all files of the host by default. */
  readonly config?: readonly Bytes[];
  /** `config` are lines, not files. */
  readonly inline?: boolean;
  readonly root?: Bytes;
  readonly version?: CleanerVersion;
  /** The user's own configuration (user-tmpfiles.d) instead of the system's. */
  readonly user?: boolean;
  /** Also look for a name in the working directory if no configuration directory has it. */
  readonly inWorkingDirectory?: boolean;
  /** Caches the contents of `config` for a second load: a pipe can be read only once. */
  readonly textsRead?: Map<Bytes, ConfigText>;
}

/** The lines that apply, as that version interprets them. */
export function loadConfiguration(options: ConfigurationOptions, boot = false): Loaded {
  const { config = [], inline = false, root, version, user = false, inWorkingDirectory = false } = options;
  const dialect = DIALECTS[version ?? 262];
  const texts = options.textsRead === undefined ? {} : { textsRead: options.textsRead };
  const loaded = loadItemsSync({
    args: config,
    inline,
    root,
    boot,
    dialect,
    user,
    inWorkingDirectory,
    readOn: true,
    ...texts,
  });
  for (const { items } of [...loaded.exact, ...loaded.globs])
    items.splice(0, items.length, ...items.map(dialect.adapt));
  return loaded;
}

/** A configuration file that was specified cannot be read or has errors. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(diagnosticText).join("\n"));
    this.diagnostics = diagnostics;
  }
}

/** `FILE:LINE: MESSAGE`, without LINE if the message is about the whole file. */
export function diagnosticText({ file, line, message }: Diagnostic): string {
  return `${escapeForDisplay(file)}${line > 0 ? `:${line}` : ""}: ${message}`;
}

/**
 * The cleaner applies a specified file as a whole or not at all. A caller that gets every diagnostic (`isReported`) may
 * continue with the valid lines.
 *
 * @throws ConfigurationError if nothing can be read, or if a run would do nothing and diagnostics are not reported.
 */
export function requireReadable({ aborted, diagnostics }: Loaded, isReported: boolean): void {
  if (!aborted) return;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const whole = errors.filter(({ line }) => line === 0);
  if (whole.length > 0) throw new ConfigurationError(whole);
  if (!isReported) throw new ConfigurationError(errors);
}

/** The errors and warnings of the configuration, for the daily clean and for the boot. */
export function problemsOf(day: Loaded, boot: Loaded): Diagnostic[] {
  const key = ({ file, line, code }: Diagnostic): string => `${file}\0${line}\0${code}`;
  const known = new Set(day.diagnostics.map(key));
  const atBoot = boot.diagnostics.filter((each) => each.severity === "error" && !known.has(key(each)));
  return [...day.diagnostics, ...atBoot].filter(
    ({ severity }) => severity === "error" || severity === "warning",
  );
}

/** Whether this user has configuration files in user-tmpfiles.d. */
export function hasUserConfiguration(): boolean {
  return listConfigFiles(undefined, configDirectories(true, process.env), undefined).files.length > 0;
}

/** The effects of a cleaner that only looks: 252 ignores locks on files, and sockets of other namespaces. */
export function inspectingEffects(version: CleanerVersion): WalkEffects {
  const effects = dryRunWalkEffects();
  if (DIALECTS[version].respectsFileLocks) return effects;
  return { ...effects, lockFile: () => undefined, keepsUnseenUse: false };
}
