/** Reads a JetStream stream from a message on to its present end, across restarts of the server. */
import type { JetStreamClient, JsMsg } from "#nats";

const BATCH = 1000;
const WAIT_MS = 2000;
const STREAM_NOT_FOUND = 10_059;
/** Without an answer for so many attempts of WAIT_MS, reading fails. */
const MOST_FAILURES = 60;

/** Calls `read` for each message after the one with the number `after`. Returns the number of the last. */
export async function readStream(
  client: JetStreamClient,
  stream: string,
  filter: string,
  read: (message: JsMsg) => Promise<void>,
  after = 0,
): Promise<number> {
  let last = after;
  for (let failures = 0; ; ) {
    try {
      const next = await readBatch(client, stream, filter, read, last);
      if (next === undefined) return last;
      last = next;
      failures = 0;
    } catch (error) {
      if (++failures > MOST_FAILURES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** The number of the last message of a batch; undefined if there are no more. */
async function readBatch(
  client: JetStreamClient,
  stream: string,
  filter: string,
  read: (message: JsMsg) => Promise<void>,
  after: number,
): Promise<number | undefined> {
  const consumer = await client.consumers.get(stream, {
    filter_subjects: filter,
    opt_start_seq: after + 1,
    deliver_policy: "by_start_sequence",
  });
  const { num_pending: pending } = await consumer.info();
  if (pending === 0) return undefined;
  let last: number | undefined;
  const messages = await consumer.fetch({ max_messages: Math.min(BATCH, pending), expires: WAIT_MS });
  for await (const message of messages) {
    await read(message);
    last = message.seq;
    if (message.info.pending === 0) break;
  }
  if (last === undefined) throw new Error(`the stream ${stream} does not answer`);
  return last;
}

/** What `read` returns, or what `create` does if the stream does not exist. */
export async function readIfThere<Result>(
  read: () => Promise<Result>,
  create: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const { code } = error as { readonly code?: number };
    if (code !== STREAM_NOT_FOUND && code !== 404) throw error;
    return await create();
  }
}
