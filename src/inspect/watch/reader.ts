/** The thread that reads changes. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Bytes } from "../../base/bytes.js";
import { systemClock } from "../../sys/clock.js";
import { Fd } from "../../sys/files.js";
import { pollReadable } from "../../sys/poll.js";
import { sleepSync } from "../../sys/sleep.js";
import type { Actor, WatchEvent } from "../events.js";
import { Backlog } from "./backlog.js";
import { type OpenedWatch, openWatch } from "./open.js";
import type { ReaderInput, ReaderMessage } from "./protocol.js";

/** Events are read in batches: otherwise each one would wake this thread at the expense of its cause. */
const BATCH_MS = 5;
const IDLE_MS = 500;

/** The thread that reads: it blocks, and is woken by an event or by `stop`. */
function main(port: MessagePort, input: ReaderInput): void {
  const stop = new Fd(input.stop, "stop" as Bytes);
  const watch = openWatch(input);
  const send = (message: ReaderMessage): void => port.postMessage(message);
  const backlog = new Backlog(new Int32Array(input.pending), (events) => send({ type: "events", events }));
  send({ type: "ready", abilities: watch.abilities });
  try {
    for (;;) {
      const [stopped] = pollReadable([stop, ...watch.fds], IDLE_MS);
      if (stopped !== true) sleepSync(BATCH_MS);
      const batches = stopped === true ? batchesUntilNow(watch) : [readBatch(watch)];
      for (const batch of batches) backlog.push(batch);
      for (const notice of watch.notices.splice(0)) send({ type: "notice", notice });
      if (stopped === true) {
        backlog.flush();
        return;
      }
    }
  } finally {
    watch.close();
    send({ type: "end" });
  }
}

/** Reads all that happened before this call; what happens meanwhile does not prolong it. */
function* batchesUntilNow(watch: OpenedWatch): Generator<WatchEvent[]> {
  const isRead = watch.untilNow();
  for (let more = true; more; ) {
    more = pollReadable(watch.fds, 0).includes(true);
    yield readBatch(watch);
    more &&= !isRead();
  }
}

function readBatch(watch: OpenedWatch): WatchEvent[] {
  const changes = watch.read();
  const time = systemClock.now();
  // One process causes many events, so it is looked up once per batch.
  const actors = new Map<number, Actor>();
  const events = changes.map(({ pid, pidfd, ...change }) => {
    const actor = actors.get(pid) ?? watch.name({ pid, ...(pidfd !== undefined && { pidfd }) });
    actors.set(pid, actor);
    return { time, ...change, actor };
  });
  watch.release();
  return events;
}

if (parentPort !== null) main(parentPort, workerData as ReaderInput);
