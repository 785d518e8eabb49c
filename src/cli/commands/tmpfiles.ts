import { defineCommand, UsageError } from "../options.js";

/** systemd-tmpfiles(8), option for option. The order is that in which 262 lists the possibilities of an abbreviation. */
export const tmpfiles = defineCommand({
  name: "tmpfiles",
  synopsis: "[OPTION]... [CONFIG]...",
  description:
    "Creates, removes and cleans files and directories as tmpfiles.d(5) says, as systemd-tmpfiles does.",
  usageStatus: 1,
  operands: "config",
  options: [
    { name: "create", group: "Commands", help: "Create and adjust files and directories" },
    { name: "clean", group: "Commands", help: "Remove what has aged" },
  ],
  main({ options }) {
    if (!options.create && !options.clean) {
      throw new UsageError("You need to specify at least one of --clean, --create, --remove, or --purge.");
    }
    throw new Error("the engine is not there yet");
  },
});
