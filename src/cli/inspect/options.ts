/** The options that explain, forecast and watch have in common. */
import { type Bytes, toBuffer } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import type { CleanerVersion } from "../../inspect/index.js";
import { colors } from "../colors.js";
import type { OutputStream } from "../output-stream.js";
import { diagnosticLine } from "../verbs/event-lines.js";
import { diagnosticJson, line } from "../verbs/json.js";

/** The options of what asks about ageing. */
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
    more: "Without it, and without **--config**, an ordinary user's paths are judged by both.",
  },
  {
    name: "at",
    value: "TIME",
    help: "Judge as of this moment: a date, @SECONDS since the epoch, or +SPAN from now",
  },
  {
    name: "assume-version",
    value: "VERSION",
    choices: ["252", "262"],
    help: "The version of systemd whose cleaner the host runs",
    more: "Default: 262, which Mayfly itself implements. 252 ignores locks on files, lets X inherit an age without its age-by letters, and removes nothing by the age of r and R lines.",
  },
  { name: "json", help: "Print one JSON object per line" },
] as const;

export function versionOf(text: Bytes | undefined): CleanerVersion {
  return text === "252" ? 252 : 262;
}

/** EX_DATAERR: lines of the configuration are invalid. */
const INVALID_LINES = 65;

/** Options of the library's functions, from those of the command line; keeps track of what is wrong with the configuration. */
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
