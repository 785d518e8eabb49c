/** How to reach the queue's server. */
import { readFileSync } from "node:fs";

export interface QueueSettings {
  /** A URL, `nats://` or `tls://`; several are separated by commas. */
  readonly servers: string;
  /** Which run, if a server has those of several file systems. */
  readonly name: string;
  /** Files, as NATS uses them: credentials, the certificate of the authority, and the client's own with its key. */
  readonly credentials?: string | undefined;
  readonly authority?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

const NAME = /^[A-Za-z0-9_-]{1,32}$/;

/** @throws Error if a setting is not valid. */
export function requireQueueSettings({ servers, name }: QueueSettings): void {
  if (!NAME.test(name))
    throw new Error(`'${name}' is not a valid name of a run: use up to 32 letters, digits, '-' and '_'`);
  for (const server of servers.split(",")) {
    if (!/^(nats|tls):\/\/[^/\s]+$/.test(server))
      throw new Error(`'${server}' is not a valid queue: use nats://HOST:PORT or tls://HOST:PORT`);
  }
}

export function readIfGiven(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file);
}
