/** Prints --help, --version and --introspect-cli of the drop-in. */
import { commandHelp } from "../help.js";
import type { Command, Option } from "../options.js";
import type { OutputStream } from "../output-stream.js";
import { version } from "../version.js";

/** The version of systemd that the drop-in replaces. Scripts parse it. */
const SYSTEMD_VERSION = 262;
/** systemd's names of the optional features that the engine has (+) or lacks (-). */
const FEATURES = "+ACL +SELINUX +BLKID -SMACK -LIBCRYPTSETUP";

/** Returns the exit status. */
export function about(
  command: Command,
  asked: { readonly help: boolean; readonly version: boolean },
  stdout: OutputStream,
): number {
  if (asked.help) stdout.write(commandHelp(command, stdout));
  else if (asked.version) stdout.write(`systemd ${SYSTEMD_VERSION} (mayfly ${version()})\n${FEATURES}\n`);
  else stdout.write(`${JSON.stringify(introspection(command))}\n`);
  return 0;
}

/** The options as JSON, in the format of 262. */
function introspection({ options }: Command): unknown {
  return {
    mediaType: "application/vnd.io.systemd.cli-introspection-0",
    commands: [
      {
        names: ["systemd-tmpfiles"],
        project: "systemd",
        version: `${SYSTEMD_VERSION}`,
        features: FEATURES.split(" "),
        options: options.map(describe),
      },
    ],
  };
}

function describe(option: Option): unknown {
  const long = option.name === undefined ? [] : [`--${option.name}`];
  return {
    names: [...(option.short === undefined ? [] : [`-${option.short}`]), ...long],
    argument: option.value === undefined ? "no_argument" : "required_argument",
    ...(option.value === undefined ? {} : { metavar: option.value }),
    ...(option.hidden ? {} : { help: option.help }),
    group: [option.group ?? "Options"],
  };
}
