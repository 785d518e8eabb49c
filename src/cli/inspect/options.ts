/** The options that explain, forecast and watch have in common. */
import { type Bytes, toBuffer } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import type { CleanerVersion } from "../../inspect/index.js";
import { colors } from "../colors.js";
import type { OutputStream } from "../output-stream.js";
import { diagnosticLine } from "../verbs/event-lines.js";
import { diagnosticJson, line } from "../verbs/json.js";

/** The options of explain and forecast. */
export const INSPECTED = [
  {
    name: "config",
    value: "FILE",
    multiple: true,
    completes: "config",
    help: "Use this configuration file instead of the host's configuration; may be repeated",
    more: `FILE is a name in the configuration directories or else in the current directory, a path, or - for standard input.`,
  },
  {
    name: "user",
    help: "Use the user's own configuration (user-tmpfiles.d) instead of the system's",
    more: "Without it, and without **--config**, an ordinary user's paths are evaluated against both.",
  },
  {
    name: "at",
    value: "TIME",
    help: "Evaluate as of this time: a date, @SECONDS since the epoch, or +SPAN from now",
  },
  {
    name: "assume-version",
    value: "VERSION",
    choices: ["252", "262"],
    help: "Assume that the host runs the cleaner of this systemd version (default: 262)",
    more: "262 is what Mayfly itself implements. 252 ignores locks on files, lets X lines inherit an age without its age-by letters, and ignores the age of r and R lines.",
  },
  { name: "json", help: "Print one JSON object per line" },
] as const;

export function versionOf(text: Bytes | undefined): CleanerVersion {
  return text === "252" ? 252 : 262;
}

/** EX_DATAERR: lines of the configuration are invalid. */
const INVALID_LINES = 65;

/** Translates the command line's options to those of the library, and reports diagnostics. Invalid lines set the exit status. */
export function inspection(
  options: { readonly config: readonly Bytes[]; readonly user: boolean; readonly json: boolean },
  { stdout, stderr }: { readonly stdout: OutputStream; readonly stderr: OutputStream },
) {
  let exitStatus = 0;
  const reported = new Set<string>();
  const onDiagnostic = (diagnostic: Diagnostic): void => {
    if (diagnostic.severity === "error") exitStatus = INVALID_LINES;
    const text = options.json ? line(diagnosticJson(diagnostic)) : diagnosticLine(diagnostic, colors(stderr));
    if (reported.has(text)) return;
    reported.add(text);
    (options.json ? stdout : stderr).write(`${text}\n`);
  };
  return {
    settings: {
      config: options.config.map(toBuffer),
      ...(options.user && { user: true }),
      onDiagnostic,
    },
    exitStatus: () => exitStatus,
  };
}
