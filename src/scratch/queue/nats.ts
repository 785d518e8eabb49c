/** The exchange on NATS JetStream: streams for units, directories, journal and reports, and a bucket for the rest. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer, JetStreamClient, JetStreamManager, JsMsg, NatsConnection } from "#nats";
import type { JournalEntry } from "../journal.js";
import { depthOf, unitId, type WorkUnit } from "../unit.js";
import { connectTo } from "./connection.js";
import type {
  Appendable,
  Exchange,
  Lease,
  Presence,
  QueueInfo,
  Run,
  RunState,
  UnitQueue,
  UnitReport,
} from "./queue.js";
import { readIfThere, readStream } from "./read-stream.js";
import type { QueueSettings } from "./settings.js";

const CONSUMER = "workers";
/** More workers than this wait for units. */
const MOST_LEASES = 4096;
const TAKE_MS = 1000;
const REQUEST_MS = 5000;
/** A repeated message within this time has no effect; later, it costs a look at what is already gone. */
const DUPLICATES_NS = 600e9;
/** A worker that has not reported for so long is not listed. */
const PRESENT_MS = 20_000;
const IN_PROGRESS = new TextEncoder().encode("+WPI");
/** How often the streams are created or found at the start. */
const MOST_ATTEMPTS = 5;
const ATTEMPT_MS = 100;

interface Held extends Lease {
  readonly message: JsMsg;
}

type Bucket = Awaited<ReturnType<InstanceType<typeof import("#nats").Kvm>["create"]>>;

/** Connects to the server and creates what does not exist yet. */
export async function openNats(settings: QueueSettings): Promise<Exchange> {
  const library = await import("#nats");
  const connection = await connectTo(settings);
  const streams = jetStreamOf(library, connection);
  const exchange = new NatsExchange(connection, await streams.manager, streams.client, settings.name);
  const buckets = new library.Kvm(streams.client);
  for (let attempt = 1; ; attempt++) {
    try {
      await exchange.prepare(await buckets.create(`MAYFLY_${settings.name}_RUN`));
      return exchange;
    } catch (error) {
      // Another process, started at the same moment, may be creating the same.
      if (attempt === MOST_ATTEMPTS) throw error;
      await sleep(ATTEMPT_MS);
    }
  }
}

function jetStreamOf({ jetstream, jetstreamManager }: typeof import("#nats"), connection: NatsConnection) {
  return {
    client: jetstream(connection, { timeout: REQUEST_MS }),
    manager: jetstreamManager(connection, { timeout: REQUEST_MS }),
  };
}

class NatsExchange implements Exchange {
  readonly units: UnitQueue;
  readonly reports: Appendable<UnitReport>;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #client: JetStreamClient;
  readonly #name: string;
  #bucket!: Bucket;
  #run: Run | undefined;
  #consumer: Consumer | undefined;
  #reportsRead = 0;

  constructor(connection: NatsConnection, manager: JetStreamManager, client: JetStreamClient, name: string) {
    this.#connection = connection;
    this.#manager = manager;
    this.#client = client;
    this.#name = name;
    this.units = {
      publish: (units) => this.#publishAll(units, () => this.#subject("unit")),
      take: () => this.#take(),
      extend: (lease) => this.#extend(lease as Held),
      done: (lease) => this.#done(lease as Held),
      info: () => this.#info(),
    };
    this.reports = { append: (report, id) => this.#append(this.#subject("report"), report, id) };
  }

  #stream(part: string): string {
    return `MAYFLY_${this.#name}_${part}`;
  }

  #subject(part: string): string {
    return `mayfly.${this.#name}.${part}`;
  }

  async prepare(bucket: Bucket): Promise<void> {
    this.#bucket = bucket;
    await this.#ensure("UNITS", "unit", "workqueue");
    for (const part of ["DIRECTORIES", "JOURNAL", "REPORT"]) {
      await this.#ensure(part, part === "REPORT" ? "report" : `${part.toLowerCase()}.>`, "limits");
    }
  }

  async #ensure(part: string, subject: string, retention: "workqueue" | "limits"): Promise<void> {
    const name = this.#stream(part);
    const subjects = [this.#subject(subject)];
    await readIfThere(
      () => this.#manager.streams.info(name),
      () =>
        this.#manager.streams.add({
          name,
          subjects,
          retention,
          storage: "file",
          duplicate_window: DUPLICATES_NS,
        }),
    );
  }

  async begin(run: Run, units: readonly WorkUnit[]): Promise<void> {
    for (const part of ["UNITS", "DIRECTORIES", "JOURNAL", "REPORT"])
      await this.#manager.streams.purge(this.#stream(part));
    this.#reportsRead = 0;
    this.#run = run;
    await this.revive();
    await this.units.publish(units);
    await this.#bucket.put("run", JSON.stringify(run));
  }

  async run(): Promise<Run | undefined> {
    this.#run = await this.#value<Run>("run");
    return this.#run;
  }

  async setState(state: RunState, why: string): Promise<void> {
    const run = await this.run();
    if (run === undefined) throw new Error("there is no run");
    await this.#bucket.put("run", JSON.stringify({ ...run, state, why } satisfies Run));
  }

  async #value<Value>(key: string): Promise<Value | undefined> {
    const entry = await this.#bucket.get(key);
    return entry === null || entry.operation !== "PUT" ? undefined : (entry.json() as Value);
  }

  /** Until the server confirms it. A worker whose lease ends meanwhile is stopped by its gate, not here. */
  async #append(subject: string, value: unknown, id: string): Promise<void> {
    const msgID = `${this.#run?.id ?? ""}/${id}`;
    for (;;) {
      try {
        await this.#client.publish(subject, JSON.stringify(value), { msgID });
        return;
      } catch (error) {
        if (this.#connection.isClosed()) throw error;
        await pause(200);
      }
    }
  }

  async #publishAll(units: readonly WorkUnit[], subject: (unit: WorkUnit) => string): Promise<void> {
    await Promise.all(units.map((unit) => this.#append(subject(unit), unit, unitId(unit))));
  }

  publishDirectories(units: readonly WorkUnit[]): Promise<void> {
    return this.#publishAll(units, (unit) => this.#subject(`directories.${depthOf(unit)}`));
  }

  async levels(): Promise<number[]> {
    const filter = this.#subject("directories.*");
    const info = await this.#manager.streams.info(this.#stream("DIRECTORIES"), { subjects_filter: filter });
    return Object.keys(info.state.subjects ?? {})
      .map((subject) => Number(subject.split(".").at(-1)))
      .sort((a, b) => b - a);
  }

  async release(level: number): Promise<void> {
    const filter = this.#subject(`directories.${level}`);
    const stream = this.#stream("DIRECTORIES");
    await readStream(this.#client, stream, filter, (message) =>
      this.units.publish([message.json<WorkUnit>()]),
    );
    await this.#manager.streams.purge(stream, { filter });
  }

  async #take(): Promise<Held | undefined> {
    try {
      this.#consumer ??= await this.#client.consumers.get(this.#stream("UNITS"), CONSUMER);
      const message = await this.#consumer.next({ expires: TAKE_MS });
      if (message === null) return undefined;
      const { seq: sequence, info } = message;
      return { unit: message.json<WorkUnit>(), sequence, attempt: info.deliveryCount, message };
    } catch {
      // The server restarts, or the coordinator makes the consumer anew.
      this.#consumer = undefined;
      await pause(200);
      return undefined;
    }
  }

  async #extend({ message }: Held): Promise<void> {
    const { reply } = message as JsMsg & { readonly reply: string };
    await this.#connection.request(reply, IN_PROGRESS, { timeout: REQUEST_MS });
  }

  /** If the server does not confirm it, the unit comes again, and there is nothing left to do. */
  async #done({ message }: Held): Promise<void> {
    await message.ackAck({ timeout: REQUEST_MS }).catch(() => false);
  }

  async #info(): Promise<QueueInfo> {
    const stream = this.#stream("UNITS");
    const { state } = await this.#manager.streams.info(stream);
    const { num_pending: waiting, num_ack_pending: held } = await this.#manager.consumers.info(
      stream,
      CONSUMER,
    );
    return { units: state.messages, stuck: state.messages > 0 && waiting === 0 && held === 0 };
  }

  async revive(): Promise<void> {
    const stream = this.#stream("UNITS");
    await this.#manager.consumers.delete(stream, CONSUMER).catch(() => false);
    await this.#manager.consumers.add(stream, {
      durable_name: CONSUMER,
      ack_policy: "explicit",
      ack_wait: (this.#run?.leaseSeconds ?? 30) * 1e9,
      max_ack_pending: MOST_LEASES,
      max_deliver: -1,
    });
  }

  journal(entry: JournalEntry, sequence: number, id: string): Promise<void> {
    return this.#append(this.#subject(`journal.${sequence}`), entry, `${entry.type}/${id}`);
  }

  readJournal(read: (entry: JournalEntry) => void, after = 0): Promise<number> {
    return this.#readEntries(this.#subject("journal.>"), read, after);
  }

  async readUnit(sequence: number, read: (entry: JournalEntry) => void): Promise<void> {
    await this.#readEntries(this.#subject(`journal.${sequence}`), read, 0);
  }

  #readEntries(filter: string, read: (entry: JournalEntry) => void, after: number): Promise<number> {
    const each = async (message: JsMsg): Promise<void> => read(message.json<JournalEntry>());
    return readStream(this.#client, this.#stream("JOURNAL"), filter, each, after);
  }

  async readReports(read: (report: UnitReport) => void): Promise<void> {
    const stream = this.#stream("REPORT");
    this.#reportsRead = await readStream(
      this.#client,
      stream,
      this.#subject("report"),
      async (message) => read(message.json<UnitReport>()),
      this.#reportsRead,
    );
  }

  async present(presence: Presence): Promise<void> {
    await this.#bucket.put(`worker.${presence.worker}`, JSON.stringify(presence));
  }

  async workers(): Promise<Presence[]> {
    const found: Presence[] = [];
    for await (const key of await this.#bucket.keys("worker.>")) {
      const entry = await this.#bucket.get(key);
      if (entry?.operation === "PUT" && Date.now() - entry.created.getTime() < PRESENT_MS)
        found.push(entry.json<Presence>());
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
