/** mayfly scratch: cleans one large tree from many hosts. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import {
  coordinate,
  JournalReader,
  loadPolicy,
  NO_LIMIT,
  openNats,
  openRoot,
  type Run,
  type RunState,
  runLimit,
  work,
} from "../../scratch/index.js";
import { given } from "../config-options.js";
import { defineCommand, type Invocation, UsageError } from "../options.js";
import {
  leaseSecondsOf,
  maxSkewOf,
  queueOf,
  SCRATCH_OPTIONS,
  type ScratchValues,
  unitBudgetOf,
  workerName,
} from "../scratch/options.js";
import { resultText, statusText, workerText } from "../scratch/output.js";

type ScratchInvocation = Invocation<typeof SCRATCH_OPTIONS>;

export const scratch = defineCommand({
  name: "scratch",
  synopsis: "COMMAND [ROOT] --queue=URL [OPTION]...",
  description: `Cleans one large tree, such as the scratch file system of a cluster, from many hosts at once. **run** is the coordinator of
a run: there is one. **worker** does the work: start as many as you want, on any host that has the file system mounted, before or
after **run**. They share the work through a NATS server with JetStream, and any of them may be killed at any time.

What is removed is what **mayfly clean** would remove in one process: the same guards decide about each entry, immediately before it
is unlinked. The file **.mayfly-scratch** in ROOT must exist and belong to the user: create it to allow that the tree is cleaned.`,
  operands: "directory",
  options: SCRATCH_OPTIONS,
  examples: [
    [
      "mayfly scratch run /srv/scratch --config purge.conf --queue nats://localhost:4222",
      "Begin a run, and wait for its end",
    ],
    [
      "mayfly scratch worker /srv/scratch --config purge.conf --queue nats://localhost:4222",
      "Work on it, on any host",
    ],
    ["mayfly scratch status --queue nats://localhost:4222", "Show how far it is"],
  ],
  sections: [
    {
      title: "Commands",
      text: `**run** begins a run and exits when it is finished; if it is interrupted, the same command continues it. **worker** waits for
a run, works on it, and exits when it is finished. **pause** keeps workers from removing anything more; **resume** lets them continue,
also after **--max-remove**. **status** shows the state of the run and its workers. **journal** prints the path of each removed entry,
relative to ROOT. **abandon** ends a run that shall not be continued.`,
    },
    {
      title: "Policy",
      text: `A file in the format of **tmpfiles.d**(5). Lines with an age that clean the contents of a directory at or below ROOT apply;
all lines keep what they name. Lines that age a path itself (**r**, **R**), the age of directories by ctime (**C**) and the pragmas
**unit=toplevel** and **after=clock-sync** are refused. All hosts must have the same policy.`,
    },
    {
      title: "Exit status",
      text: `**0** if the run is finished, for a worker too; **1** on a failure, if an entry could not be removed, and if the run was
stopped early; **64** if the command line is invalid.`,
    },
  ],
  async main(invocation) {
    const [verb, ...operands] = invocation.operands;
    if (verb === undefined)
      throw new UsageError("a command is missing: run, worker, pause, resume, status, journal or abandon");
    const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (act === undefined) throw new UsageError(`unknown command '${escapeForDisplay(verb)}'`);
    return await act(invocation, operands);
  },
});

type Verb = (invocation: ScratchInvocation, operands: readonly Bytes[]) => Promise<number>;

const VERBS: Readonly<Record<string, Verb>> = {
  async run({ program, options, stdout, stderr }, operands) {
    const { root, policy } = policyOf(options, operands);
    using directory = openRoot(root, maxSkewOf(options));
    const limit =
      options["max-remove"] === undefined ? NO_LIMIT : runLimit(options["max-remove"], directory.fd);
    const leaseSeconds = leaseSecondsOf(options);
    const budget = unitBudgetOf(options);
    await using exchange = await openNats(queueOf(options));
    const { verbose } = options;
    const result = await coordinate({
      exchange,
      policy,
      root: directory,
      leaseSeconds,
      budget,
      limit,
      signal: stopSignal(),
      progress({ units, entries, removed }) {
        if (verbose)
          stderr.write(`${program}: ${units} units left, ${entries} entries, ${removed} removed\n`);
        if (verbose) stderr.flush();
      },
    });
    stdout.write(resultText(result));
    if (result.why !== undefined) stderr.write(`${program}: stopped: ${result.why}\n`);
    return result.why === undefined && result.failed === 0 ? 0 : 1;
  },

  async worker({ program, options, stdout, stderr }, operands) {
    const { root, policy } = policyOf(options, operands);
    const maxSkew = maxSkewOf(options);
    using directory = openRoot(given(options.at) ?? root, maxSkew);
    await using exchange = await openNats(queueOf(options));
    const result = await work({
      exchange,
      policy,
      root: directory,
      maxSkew,
      name: workerName(),
      waits: !options["no-wait"],
      signal: stopSignal(),
    });
    stdout.write(workerText(result));
    if (result.why !== undefined) stderr.write(`${program}: ended early: ${result.why}\n`);
    return result.why === undefined ? 0 : 1;
  },

  pause: stateChange("paused", ["running"]),
  resume: stateChange("running", ["paused", "stopped"]),
  abandon: stateChange("finished", ["running", "paused", "stopped"]),

  async status({ options, stdout }, operands) {
    requireNone(operands);
    await using exchange = await openNats(queueOf(options));
    const run = requireRun(await exchange.run());
    const { units } = await exchange.units.info();
    stdout.write(statusText(run, units, await exchange.workers()));
    return 0;
  },

  async journal({ options, stdout }, operands) {
    requireNone(operands);
    await using exchange = await openNats(queueOf(options));
    requireRun(await exchange.run());
    const reader = new JournalReader((path) =>
      stdout.write(options.null ? (`${path}\0` as Bytes) : `${escapeForDisplay(path)}\n`),
    );
    await exchange.readJournal((entry) => reader.read(entry));
    return 0;
  },
};

function stateChange(to: RunState, from: readonly RunState[]): Verb {
  return async ({ options, stdout }, operands) => {
    requireNone(operands);
    await using exchange = await openNats(queueOf(options));
    const { state } = requireRun(await exchange.run());
    if (!from.includes(state)) throw new Error(`the run is ${state}`);
    await exchange.setState(to, "");
    stdout.write(`${to}\n`);
    return 0;
  };
}

function policyOf({ config }: ScratchValues, operands: readonly Bytes[]) {
  const [first, ...more] = operands;
  const root = given(first);
  if (root === undefined || more.length > 0)
    throw new UsageError("expected one operand: the ROOT of the tree");
  if (config === undefined) throw new UsageError("option '--config' is required");
  return { root, policy: loadPolicy(root, given(config) as Bytes) };
}

function requireNone([first]: readonly Bytes[]): void {
  if (first !== undefined) throw new UsageError(`unexpected operand '${escapeForDisplay(first)}'`);
}

function requireRun(run: Run | undefined): Run {
  if (run === undefined) throw new Error("there is no run: begin one with 'mayfly scratch run'");
  return run;
}

/** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => controller.abort());
  return controller.signal;
}
