/**
 * `node second-walk.js CONFIGURATION INDEX` cleans twice in one process, and prints the time of the second run, which uses
 * the index of the first, divided by that of the first: the walk alone, without the start of Node.
 */
import { bytes } from "#src/base/bytes.js";
import { runSync } from "#src/tmpfiles/index.js";

const [configuration = "", index = ""] = process.argv.slice(2);

function clean(): number {
  const started = process.hrtime.bigint();
  const reporter = { wantsKept: false, report: () => {} };
  runSync({ args: [bytes(configuration)], operations: ["clean"], index: bytes(index) }, reporter);
  return Number(process.hrtime.bigint() - started);
}

const first = clean();
process.stdout.write(`${clean() / first}\n`);
