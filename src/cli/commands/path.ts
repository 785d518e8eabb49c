/** mayfly path: where a private /tmp is on the host. */
import { toText } from "../../base/bytes.js";
import { locate, SetupError } from "../../private-tmp/index.js";
import { defineCommand, UsageError } from "../options.js";

export const path = defineCommand({
  name: "path",
  synopsis: "[OPTION]... NAME|PID",
  description:
    "Prints the path on the host of the private /tmp with that name, or of that process. A tmpfs has no path on the host: for it, this is the path through a process that sees it.\n\nA name finds only what root or you made. For a process whose mounts another user controls, a notice says who that is.",
  operands: "process",
  options: [
    {
      name: "target",
      value: "PATH",
      completes: "directory",
      help: "Use this mount point instead of /tmp, for example /var/tmp",
    },
  ],
  examples: [['ls "$(mayfly path nginx.service)"', "what a service has in its private /tmp"]],
  main({ program, options, operands, stdout, stderr }) {
    const [asked] = operands;
    if (asked === undefined || operands.length > 1) throw new UsageError("expected exactly one NAME or PID");
    try {
      const target = options.target === undefined ? {} : { target: toText(options.target) };
      const onNotice = (notice: string): void => stderr.write(`${program}: ${notice}\n`);
      stdout.write(`${locate(toText(asked), { ...target, onNotice })}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      stderr.write(`${program}: ${error.message}\n`);
      return 1;
    }
  },
});
