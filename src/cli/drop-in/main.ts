/** Entry of the bundle that contains only the drop-in. */
import { tmpfiles } from "../commands/tmpfiles.js";
import { DROP_IN, runCommand, startOf, withStreams } from "../run-command.js";

/**
 * Runs the drop-in, started as `mayfly tmpfiles` or under its own name. It has a bundle without the other commands, since
 * hosts start it at each boot and for each package that they install. Returns the exit status.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const how = startOf(argv);
  const [program, args] =
    how.startedAs === DROP_IN ? [DROP_IN, how.args] : ["mayfly tmpfiles", how.args.slice(1)];
  return withStreams((streams) => runCommand(tmpfiles, program, args, { how, ...streams }));
}
