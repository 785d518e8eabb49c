/** mayfly path: prints the host path of a private /tmp. */
import { toText } from "../../base/bytes.js";
import { locateSync, SetupError } from "../../private-tmp/index.js";
import { defineCommand, UsageError } from "../options.js";

export const path = defineCommand({
  name: "path",
  synopsis: "[OPTION]... NAME|PID",
  description:
    "Prints the path on the host of the private /tmp NAME, or of the one that the process PID uses. A tmpfs has no path on the host: for it, mayfly prints a path through a process that sees it.\n\nNAME matches only private /tmps that root or you created. If another user controls the mounts of the process, a notice names that user.",
  operands: "process",
  options: [
    {
      name: "target",
      value: "PATH",
      completes: "directory",
      help: "Use this mount point instead of /tmp, for example /var/tmp",
    },
  ],
  examples: [
    ['ls "$(mayfly path web)"', "List the private /tmp of a command that mayfly run started as web"],
  ],
  main({ program, options, operands, stdout, stderr }) {
    const [asked] = operands;
    if (asked === undefined || operands.length > 1) throw new UsageError("expected exactly one NAME or PID");
    try {
      const target = options.target === undefined ? {} : { target: toText(options.target) };
      const onNotice = (notice: string): void => stderr.write(`${program}: ${notice}\n`);
      stdout.write(`${locateSync(toText(asked), { ...target, onNotice })}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      stderr.write(`${program}: ${error.message}\n`);
      return 1;
    }
  },
});
