/** The entry of the bundle that holds the drop-in alone. */
import { tmpfiles } from "../commands/tmpfiles.js";
import { DROP_IN, runCommand, startOf, withStreams } from "../run.js";

/**
 * The drop-in alone, as `mayfly tmpfiles` or under its own name: hosts start it at each boot and for each package that they
 * install, so that it comes without the other commands. Returns the exit status.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const how = startOf(argv);
  const [program, args] =
    how.startedAs === DROP_IN ? [DROP_IN, how.args] : ["mayfly tmpfiles", how.args.slice(1)];
  return withStreams((streams) => runCommand(tmpfiles, program, args, { how, ...streams }));
}
