/** The options of mayfly scratch, and what they stand for. */
import { hostname } from "node:os";
import { type Bytes, toText } from "../../base/bytes.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import type { QueueSettings } from "../../scratch/index.js";
import { type Option, UsageError, type Values } from "../options.js";
import { spanOf } from "../serve/options.js";

const QUEUE = "Queue";
const WORK = "Work";

export const SCRATCH_OPTIONS = [
  {
    name: "config",
    value: "PATH",
    completes: "config",
    help: "Use the policy PATH, a file in the format of tmpfiles.d (run, worker)",
  },
  {
    name: "max-remove",
    value: "LIMIT",
    group: WORK,
    help: "Stop after removing LIMIT entries, or a percentage of those of the file system such as 5% (run)",
    more: "The count is compared every second, and workers ask every second whether the run was stopped: what they remove until then comes on top.",
  },
  {
    name: "max-skew",
    value: "SPAN",
    group: WORK,
    help: "Refuse if the clocks of host and file system differ by more than SPAN (60s by default)",
  },
  {
    name: "lease",
    value: "SPAN",
    group: WORK,
    help: "Give the unit of a worker to another one after SPAN without a sign of life (30s by default)",
  },
  {
    name: "budget",
    value: "N",
    group: WORK,
    help: "Divide a unit after N entries (5000 by default)",
  },
  {
    name: "at",
    value: "PATH",
    completes: "directory",
    group: WORK,
    help: "The root is at PATH on this host (worker)",
  },
  {
    name: "no-wait",
    group: WORK,
    help: "Exit if there is no unfinished run, instead of waiting for one (worker)",
  },
  {
    name: "queue",
    value: "URL",
    group: QUEUE,
    help: "Connect to the NATS server at URL, such as nats://HOST:4222; separate several by commas",
  },
  {
    name: "name",
    value: "NAME",
    group: QUEUE,
    help: "Use the run NAME, if the server has those of several file systems (scratch by default)",
  },
  {
    name: "credentials",
    value: "PATH",
    completes: "file",
    group: QUEUE,
    help: "Authenticate with the NATS credentials in PATH",
  },
  {
    name: "tls-ca",
    value: "PATH",
    completes: "file",
    group: QUEUE,
    help: "Trust the certificates in PATH",
  },
  {
    name: "tls-cert",
    value: "PATH",
    completes: "file",
    group: QUEUE,
    help: "Use the client certificate PATH",
  },
  {
    name: "tls-key",
    value: "PATH",
    completes: "file",
    group: QUEUE,
    help: "Use the key of that certificate",
  },
  {
    short: "0",
    name: "null",
    help: "End each path with NUL, and do not escape it (journal)",
  },
  { short: "v", name: "verbose", help: "Report progress every second (run)" },
] as const satisfies readonly Option[];

export type ScratchValues = Values<typeof SCRATCH_OPTIONS>;

/** @throws UsageError */
export function queueOf(options: ScratchValues): QueueSettings {
  const text = (value: Bytes | undefined): string | undefined => value && toText(value);
  const { queue, name, credentials } = options;
  if (queue === undefined) throw new UsageError("option '--queue' is required");
  return {
    servers: toText(queue),
    name: text(name) ?? "scratch",
    credentials: text(credentials),
    authority: text(options["tls-ca"]),
    certificate: text(options["tls-cert"]),
    key: text(options["tls-key"]),
  };
}

/** @throws UsageError */
export function maxSkewOf(options: ScratchValues): Nanoseconds {
  return spanOf("max-skew", options["max-skew"], 60n * SECOND);
}

/** Three seconds leave time for a request that extends it, and for an answer. */
const SHORTEST_LEASE = 3;

/** @throws UsageError */
export function leaseSecondsOf(options: ScratchValues): number {
  const seconds = Number(spanOf("lease", options.lease, 30n * SECOND) / SECOND);
  if (seconds < SHORTEST_LEASE) throw new UsageError("option '--lease' expects a time span of at least 3s");
  return seconds;
}

/** @throws UsageError */
export function unitBudgetOf({ budget }: ScratchValues): number {
  if (budget === undefined) return 5000;
  if (!/^[1-9]\d{0,6}$/.test(budget))
    throw new UsageError("option '--budget' expects a number from 1 to 9999999");
  return Number(budget);
}

/** Unique among the workers of a run, also if several run on one host. */
export const workerName = (): string => `${hostname().replaceAll(/[^A-Za-z0-9_-]/g, "-")}-${process.pid}`;
