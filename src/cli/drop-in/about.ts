/** --help, --version and --introspect-cli of the drop-in. */
import { commandHelp } from "../help.js";
import type { Command, Option } from "../options.js";
import type { OutputStream } from "../output-stream.js";
import { version } from "../version.js";

/** What the drop-in does as well as; its scripts read the number. */
const STANDS_FOR = 262;
/** By their names in systemd: what the engine can do where the host has the library. */
const FEATURES = "+ACL +SELINUX +BLKID -SMACK -LIBCRYPTSETUP";

/** --help, --version and --introspect-cli: what the program says of itself. Returns the exit status. */
export function about(
  command: Command,
  asked: { readonly help: boolean; readonly version: boolean },
  stdout: OutputStream,
): number {
  if (asked.help) stdout.write(commandHelp(command, stdout));
  else if (asked.version) stdout.write(`systemd ${STANDS_FOR} (mayfly ${version()})\n${FEATURES}\n`);
  else stdout.write(`${JSON.stringify(introspection(command))}\n`);
  return 0;
}

/** The options as 262 tells programs of them. */
function introspection({ options }: Command): unknown {
  return {
    mediaType: "application/vnd.io.systemd.cli-introspection-0",
    commands: [
      {
        names: ["systemd-tmpfiles"],
        project: "systemd",
        version: `${STANDS_FOR}`,
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
