/**
 * `node second-walk.js CONFIGURATION INDEX` cleans twice by the configuration, in one process, and prints what the second
 * run, which goes by the index of the first, took of its time: without the start of Node, the walk itself.
 */
import { bytes } from "#src/base/bytes.js";
import { run } from "#src/tmpfiles/index.js";

const [configuration = "", index = ""] = process.argv.slice(2);

function clean(): number {
  const started = process.hrtime.bigint();
  const reporter = { wantsKept: false, report: () => {} };
  run({ args: [bytes(configuration)], operations: ["clean"], index: bytes(index) }, reporter);
  return Number(process.hrtime.bigint() - started);
}

const first = clean();
process.stdout.write(`${clean() / first}\n`);
