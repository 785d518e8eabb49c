/** mayfly tmpfiles: the drop-in replacement for systemd-tmpfiles(8). */
import { bytes } from "../../base/bytes.js";
import type { Operation } from "../../base/events.js";
import { runSync } from "../../tmpfiles/index.js";
import { CONFIG_OPTIONS, configOptionsOf, given, INLINE, refusalOf, rootProblem } from "../config-options.js";
import { parseBoolean } from "../drop-in/boolean.js";
import { openLog } from "../drop-in/log.js";
import { dropInReporter } from "../drop-in/reporter.js";
import { counted } from "../format.js";
import { untilSignal } from "../interruption.js";
import { type Command, defineCommand, type Section } from "../options.js";

const OPERATIONS: readonly Operation[] = ["create", "clean", "remove", "purge"];

const SECTIONS: readonly Section[] = [
  {
    title: "Exit status",
    text: `**0** on success; **65** if invalid lines of the configuration were ignored and nothing else failed; **73** if an
operation failed; **1** if the command line is invalid, or on any other failure.`,
  },
  {
    title: "Environment",
    text: `**SYSTEMD_LOG_LEVEL**, **SYSTEMD_LOG_TARGET**, **SYSTEMD_LOG_COLOR**, **SYSTEMD_LOG_TIME** as in
systemd-tmpfiles(8). At the level *debug*, each removal is reported, and each entry that is kept, with the reason.

**SYSTEMD_PAGER**, **PAGER**, **SYSTEMD_LESS**, **SYSTEMD_LESSCHARSET** and **SYSTEMD_PAGERSECURE** for **--cat-config** and
**--tldr** on a terminal. If SYSTEMD_PAGERSECURE is not set, only **less** in its secure mode is used as pager.

**SYSTEMD_TMPFILES_BYPASS**: if true, do nothing and exit with status 0.`,
  },
];

/** The options of systemd-tmpfiles(8), in the order in which 262 lists them for an ambiguous abbreviation. */
export const tmpfiles: Command = defineCommand({
  name: "tmpfiles",
  synopsis: "[OPTION]... [CONFIG]...",
  description: `Creates, cleans and removes files and directories as configured in tmpfiles.d(5). A drop-in replacement for
**systemd-tmpfiles** 262, with the same options, effects, exit statuses and messages. At least one of the commands is
required; if several are given, they run in the order purge, remove, clean, create.

CONFIG is the name of a file in the configuration directories, a path, or - for standard input. If no CONFIG is given,
all configuration files are used.`,
  usageStatus: 1,
  operands: "config",
  options: [
    {
      name: "create",
      group: "Commands",
      help: "Create files and directories and set permissions as configured",
    },
    { name: "clean", group: "Commands", help: "Remove files older than their configured age" },
    { name: "remove", group: "Commands", help: "Remove paths marked for removal (r, R and D lines)" },
    {
      name: "purge",
      group: "Commands",
      help: "Remove what lines marked with $ have created; requires at least one CONFIG",
    },
    { name: "cat-config", group: "Commands", help: "Print the configuration files" },
    {
      name: "tldr",
      group: "Commands",
      help: "Print the configuration files without comments and empty lines",
    },
    { name: "help", short: "h", group: "Commands", help: "Show this help" },
    { name: "version", group: "Commands", help: "Show the versions of systemd-tmpfiles and Mayfly" },
    ...CONFIG_OPTIONS,
    { name: "dry-run", short: "n", help: "Show what would be done without changing anything" },
    INLINE,
    { name: "no-pager", help: "Do not pipe output into a pager" },
    { name: "introspect-cli", hidden: true, help: "Print the options as JSON" },
  ],
  examples: [
    ["mayfly tmpfiles --create --remove --boot --exclude-prefix=/dev", "Do what a host does when it boots"],
    ["mayfly tmpfiles --clean --dry-run", "Show what the daily cleanup would remove"],
    ["ln -s /usr/bin/mayfly /usr/local/sbin/systemd-tmpfiles", "Use Mayfly as systemd-tmpfiles"],
  ],
  sections: SECTIONS,
  async main(invocation) {
    const { options, operands, stdout, stderr, how } = invocation;
    if (options.help || options.version || options["introspect-cli"]) {
      const { about } = await import("../drop-in/about.js");
      return about(tmpfiles, options, stdout);
    }
    const operations = OPERATIONS.filter((operation) => options[operation]);
    const show = options["cat-config"] || options.tldr;
    const refusal = refusalOf(options, operands, { operations, show }) ?? rootProblem(given(options.root));
    if (refusal !== undefined) {
      stderr.write(`${refusal}\n`);
      return 1;
    }
    if (show) {
      const { catConfig } = await import("../drop-in/cat-config.js");
      return catConfig({ ...options, root: given(options.root) }, stdout, stderr);
    }
    // How image builders turn systemd-tmpfiles off.
    if (parseBoolean(process.env.SYSTEMD_TMPFILES_BYPASS ?? "") === true) return 0;
    const image = given(options.image);
    if (image !== undefined && how.mountedImage === undefined) {
      const { runInImage } = await import("../image-command.js");
      const settings = { policy: options["image-policy"], readOnly: options["dry-run"] };
      return runInImage(image, settings, invocation);
    }
    const log = openLog(stderr);
    const configOptions = configOptionsOf(options, operands, how);
    const reporter = dropInReporter(log, stderr.isTerminal, options["dry-run"]);
    const wanted = { ...configOptions, operations, dryRun: options["dry-run"], opensAgeless: true };
    return untilSignal(invocation, (stop) => {
      const { exitStatus, interrupted, removed } = runSync({ ...wanted, stop }, reporter);
      const entries = counted(removed.entries, "entry", "entries");
      const verb = options["dry-run"] ? "would remove" : "removed";
      if (interrupted) log.write("notice", bytes(`Interrupted: ${verb} ${entries}.`));
      return exitStatus;
    });
  },
});
