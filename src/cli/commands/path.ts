import { toText } from "../../base/bytes.js";
import { locate, SetupError } from "../../private-tmp/index.js";
import { defineCommand, UsageError } from "../options.js";

export const path = defineCommand({
  name: "path",
  synopsis: "[OPTION]... NAME|PID",
  description:
    "Prints where on the host the private /tmp of that name, or of that process, is. Where it is a tmpfs, which is nowhere on the host, that is the way through a process that sees it.",
  operands: "process",
  options: [
    {
      name: "target",
      value: "PATH",
      completes: "directory",
      help: "Of this place instead of /tmp, as /var/tmp",
    },
  ],
  examples: [['ls "$(mayfly path nginx.service)"', "what a service has in its private /tmp"]],
  main({ program, options, operands, stdout, stderr }) {
    const [asked] = operands;
    if (asked === undefined || operands.length > 1) throw new UsageError("it takes one name or process");
    try {
      const target = options.target === undefined ? undefined : toText(options.target);
      stdout.write(`${locate(toText(asked), target)}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      stderr.write(`${program}: ${error.message}\n`);
      return 1;
    }
  },
});
