/** Calls back at the moment at which a worker writes an intent into the journal: it has removed nothing of it yet. */
import { connect } from "@nats-io/transport-node";

export interface HeardIntent {
  /** The worker's process, on this host. */
  readonly pid: number;
  readonly path: string;
  readonly names: readonly string[];
}

/** Listens until `close`. */
export async function onIntent(
  port: number,
  heard: (intent: HeardIntent) => void,
): Promise<{ close(): Promise<void> }> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
  });
  connection.subscribe("mayfly.scratch.journal.>", {
    callback(error, message) {
      if (error !== null) return;
      const entry = message.json<{ type: string; id: string; path: string; names: string[] }>();
      if (entry.type !== "intent") return;
      const pid = Number(/-(\d+)\.\d+$/.exec(entry.id)?.[1]);
      heard({ pid, path: entry.path, names: entry.names });
    },
  });
  await connection.flush();
  return { close: () => connection.close() };
}
