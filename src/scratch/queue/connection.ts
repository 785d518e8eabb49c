/** Connects to a NATS server, with the authentication and encryption that NATS itself defines. */
import type { NatsConnection } from "#nats";
import { type QueueSettings, readIfGiven, requireQueueSettings } from "./settings.js";

/**
 * Connects, and stays connected: after the server restarts, the client connects again.
 *
 * @throws Error if the server cannot be reached or refuses the client.
 */
export async function connectTo(settings: QueueSettings): Promise<NatsConnection> {
  requireQueueSettings(settings);
  const { connect, credsAuthenticator } = await import("#nats");
  const { servers, credentials, authority, certificate, key } = settings;
  const creds = readIfGiven(credentials);
  const encrypted = servers.includes("tls://") || authority !== undefined || certificate !== undefined;
  const files = Object.entries({ caFile: authority, certFile: certificate, keyFile: key });
  const tls = Object.fromEntries(files.filter(([, file]) => file !== undefined)) as Record<string, string>;
  try {
    return await connect({
      servers: servers.split(","),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      ...(creds === undefined ? {} : { authenticator: credsAuthenticator(creds) }),
      ...(encrypted ? { tls } : {}),
    });
  } catch (error) {
    throw new Error(
      `cannot connect to the queue at ${withoutPassword(servers)}: ${(error as Error).message}. Is nats-server running with JetStream (nats-server -js)?`,
      { cause: error },
    );
  }
}

function withoutPassword(servers: string): string {
  return servers.replaceAll(/\/\/[^@,/]*@/g, "//");
}
