/** Serves /metrics, /healthz and /report over HTTP. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { peerOf } from "../../sys/peer.js";
import type { ListenAddress } from "./address.js";
import type { HealthReport } from "./health.js";
import { isAllowedHost } from "./host-header.js";
import type { LiveReport } from "./live-report.js";
import { listenOnSocket } from "./unix-socket.js";

export interface MetricsServerOptions {
  readonly address: ListenAddress;
  /** Names that the Host header may have, besides IP addresses, localhost and this host's name. */
  readonly allowedHosts?: readonly string[];
  readonly contentType: string;
  metrics(): Promise<string>;
  health(): HealthReport;
  /** None if there is nothing to report about. */
  readonly report?: LiveReport | undefined;
}

export interface MetricsServer {
  /** The address, with the port that the kernel chose if none was given. */
  readonly address: ListenAddress;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

/** A scraper sends a few hundred bytes of headers, at once. */
const LIMITS = {
  maxHeaderSize: 8 << 10,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
};
const MOST_HEADERS = 64;
const MOST_CONNECTIONS = 64;
/** Without any traffic; longer than the usual scrape interval, so that a scraper can keep its connection. */
const IDLE_MS = 70_000;

const PATHS = ["/metrics", "/healthz", "/report", "/report.json"];

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Starts to listen.
 *
 * @throws Error if the address is in use or not available, with the system's reason
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { address } = options;
  const server = createServer(LIMITS, (request, response) => {
    // Nothing is read from a request's body, so the connection cannot be used again after one.
    const hasBody = "content-length" in request.headers || "transfer-encoding" in request.headers;
    void answer(request, options)
      .catch((error) => text(500, `${error instanceof Error ? error.message : error}\n`))
      .then((given) => send(request, response, given, hasBody));
  });
  server.maxHeadersCount = MOST_HEADERS;
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = IDLE_MS;
  if ("path" in address) {
    const release = await listenOnSocket(server, address.path, address.mode);
    return { address, close: () => closed(server).then(release) };
  }
  await listening(server, address);
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
  return { address: { host: address.host, port }, close: () => closed(server) };
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(request: IncomingMessage, options: MetricsServerOptions): Promise<Answer> {
  const onNetwork = !("path" in options.address);
  if (onNetwork && !isAllowedHost(request.headers.host, options.allowedHosts)) {
    return text(403, "The Host header names another host. Use an IP address or localhost.\n");
  }
  const [path] = (request.url ?? "/").split("?");
  if (path === undefined || !PATHS.includes(path))
    return text(404, `Not found. Use ${PATHS.slice(0, 3).join(", ")}.\n`);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { ...text(405, "Only GET and HEAD are supported.\n"), headers: { Allow: "GET, HEAD" } };
  }
  if (path === "/metrics") {
    return { status: 200, type: options.contentType, body: await options.metrics() };
  }
  if (path === "/report" || path === "/report.json") return await reportAnswer(path, request, options);
  const health = options.health();
  const status = health.status === "ok" ? 200 : 503;
  return { status, type: "application/json", body: `${JSON.stringify(health)}\n` };
}

async function reportAnswer(
  path: "/report" | "/report.json",
  request: IncomingMessage,
  { address, report }: MetricsServerOptions,
): Promise<Answer> {
  if (report === undefined) return text(404, "There is no report with --root.\n");
  // A page that another site embeds, or a script of it, must not get at the names.
  const headers = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
  };
  const viewer = "path" in address ? peerOf(request.socket) : undefined;
  if (path === "/report.json")
    return { status: 200, type: "application/json", body: await report.json(viewer), headers };
  return { status: 200, type: "text/html; charset=utf-8", body: await report.page(viewer), headers };
}

function text(status: number, body: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, headers = {} }: Answer,
  close: boolean,
): void {
  response.writeHead(status, {
    ...headers,
    ...(close ? { Connection: "close" } : {}),
    "Cache-Control": "no-store",
    "Content-Length": Buffer.byteLength(body),
    "Content-Type": type,
    "X-Content-Type-Options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
