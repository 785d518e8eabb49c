/** The HTTP server, as clients see it. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { type ListenAddress, parseListenAddress } from "#src/serve/metrics/address.js";
import { Health } from "#src/serve/metrics/health.js";
import { RunMetrics } from "#src/serve/metrics/metrics.js";
import { type MetricsServerOptions, startMetricsServer } from "#src/serve/metrics/server.js";
import { scratch } from "../../../scratch.js";
import { runRecord } from "./records.js";

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

async function started(t: TestContext, text = "127.0.0.1:0", more: Partial<MetricsServerOptions> = {}) {
  const metrics = await RunMetrics.create("1.2.3");
  const health = new Health(() => 0);
  const server = await startMetricsServer({
    address: parseListenAddress(text as Bytes),
    contentType: metrics.contentType,
    metrics: () => metrics.text(),
    health: () => health.report(),
    ...more,
  });
  t.after(() => server.close());
  const { address } = server;
  const ask = (options: Request): Promise<Reply> => reply(address, options);
  return { server, health, ask };
}

function reply(
  address: ListenAddress,
  { method = "GET", path = "/metrics", headers, body }: Request,
): Promise<Reply> {
  const where = "path" in address ? { socketPath: address.path } : address;
  return new Promise((resolve, reject) => {
    const options = { ...where, method, path, agent: false, timeout: 30_000, headers: headers ?? {} };
    const sent = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.on("error", reject).end(body);
  });
}

test("GET /metrics has the metrics, and HEAD only their headers", async (t) => {
  const { ask } = await started(t);
  const got = await ask({});
  assert.equal(got.status, 200);
  assert.equal(got.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.match(got.body, /^mayfly_build_info\{version="1\.2\.3"\} 1$/m);
  const head = await ask({ method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.body, "");
  assert.equal(head.headers["content-length"], got.headers["content-length"]);
  assert.equal((await ask({ path: "/metrics?name[]=x" })).status, 200);
});

test("GET /healthz is 200 or 503, with the reasons as JSON", async (t) => {
  const { ask, health } = await started(t);
  const good = await ask({ path: "/healthz" });
  assert.deepEqual([good.status, JSON.parse(good.body).status], [200, "ok"]);
  assert.equal(good.headers["content-type"], "application/json");
  health.observe(runRecord({ exitStatus: 73, errors: 1 }));
  const bad = await ask({ path: "/healthz" });
  assert.equal(bad.status, 503);
  assert.deepEqual(JSON.parse(bad.body), {
    status: "unhealthy",
    reasons: [{ code: "last-run-failed", operation: "clean", exitStatus: 73, errors: 1 }],
    runs: [
      {
        operation: "clean",
        start: "2026-11-27T10:00:00.500000000Z",
        durationSeconds: 1.5,
        exitStatus: 73,
        interrupted: false,
      },
    ],
  });
});

test("other paths are 404, and other methods 405", async (t) => {
  const { ask } = await started(t);
  for (const path of [
    "/",
    "/metrics/",
    "/metrics/x",
    "/Metrics",
    "//metrics",
    "/../metrics",
    "/healthz/",
    "*",
  ])
    assert.equal((await ask({ path })).status, 404, path);
  assert.equal((await ask({ method: "POST", path: "/x" })).status, 404);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
    const { status, headers } = await ask({ method, body: method === "POST" ? "x".repeat(100_000) : "" });
    assert.equal(status, 405, method);
    assert.equal(headers.allow, "GET, HEAD");
  }
});

test("a Host header with another name is refused, except on a Unix socket", async (t) => {
  const { ask } = await started(t, "127.0.0.1:0", { allowedHosts: ["metrics.example"] });
  const statusFor = async (host: string): Promise<number> => (await ask({ headers: { Host: host } })).status;
  assert.equal(await statusFor("rebound.example"), 403);
  assert.equal(await statusFor("127.0.0.1.rebound.example:80"), 403);
  assert.equal(await statusFor("localhost:1"), 200);
  assert.equal(await statusFor("metrics.example"), 200);
  const path = scratch(t);
  const onSocket = await started(t, `${path}/m.sock`);
  assert.equal((await onSocket.ask({ headers: { Host: "anything" } })).status, 200);
});

test("a failure to make the metrics is a 500, and the server goes on", async (t) => {
  const { ask } = await started(t, "127.0.0.1:0", { metrics: () => Promise.reject(new Error("no metrics")) });
  assert.deepEqual([(await ask({})).status, (await ask({})).body], [500, "no metrics\n"]);
  assert.equal((await ask({ path: "/healthz" })).status, 200);
});

/** Sends text, and returns what comes back until the server closes the connection. */
function exchange(address: ListenAddress, text: string): Promise<string> {
  assert.ok("port" in address);
  return new Promise((resolve, reject) => {
    const socket = connect(address.port, address.host);
    let received = "";
    socket.setTimeout(60_000, () => socket.destroy(new Error("the server does not close the connection")));
    socket.on("data", (chunk) => (received += chunk)).on("error", reject);
    socket.on("close", () => resolve(received));
    socket.write(text);
  });
}

test("headers are bounded in size, number and time", async (t) => {
  const { server, ask } = await started(t);
  const large = `GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`;
  assert.match(await exchange(server.address, large), /^HTTP\/1\.1 431 /);
  assert.match(
    await exchange(server.address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n"),
    /^HTTP\/1\.1 408 /,
  );
  assert.match(await exchange(server.address, "GET /metrics HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await exchange(server.address, "GET /metrics HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 /);
  assert.equal((await ask({})).status, 200);
});

test("an address in use is an error", async (t) => {
  const { server } = await started(t);
  const { address } = server;
  assert.ok("port" in address);
  await assert.rejects(started(t, `127.0.0.1:${address.port}`), /EADDRINUSE/);
});

test("a Unix socket has its mode, and goes when the server closes", async (t) => {
  const path = scratch(t);
  const deep = join(path, "d".repeat(120), "\u{1f41b}".repeat(20));
  mkdirSync(deep, { recursive: true });
  const socket = join(deep, "m.sock");
  const { server } = await started(t, bytes(socket));
  assert.equal(lstatSync(socket).mode & 0o7777, 0o660);
  assert.deepEqual(readdirSync(deep), ["m.sock"]);
  await server.close();
  assert.deepEqual(readdirSync(deep), []);
});

test("a stale socket is replaced, and a live one is not", async (t) => {
  const path = scratch(t);
  const socket = join(path, "m.sock");
  const { server, ask } = await started(t, socket);
  await assert.rejects(started(t, socket), /another process listens on the socket/);
  assert.equal((await ask({})).status, 200);
  await server.close();
  await makeStale(socket);
  const again = await started(t, socket);
  assert.equal((await again.ask({})).status, 200);
});

/** Leaves a socket on which nobody listens, as a killed process does. */
async function makeStale(path: string): Promise<void> {
  const { execFileSync } = await import("node:child_process");
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  assert.throws(() => execFileSync(process.execPath, ["-e", script]));
  assert.ok(existsSync(path));
}

test("what is not a socket is not replaced, and no symlink is followed", async (t) => {
  const path = scratch(t);
  const [file, link, target] = [join(path, "file"), join(path, "link"), join(path, "target")];
  writeFileSync(file, "x");
  await assert.rejects(started(t, file), /exists and is not a socket/);
  symlinkSync(target, link);
  await assert.rejects(started(t, link), /exists and is not a socket/);
  assert.deepEqual([existsSync(file), existsSync(target)], [true, false]);
});

test("a directory that others can write to is refused", async (t) => {
  const path = scratch(t);
  chmodSync(path, 0o777);
  await assert.rejects(started(t, join(path, "m.sock")), /another user could replace it/);
  chmodSync(path, 0o1777);
  await started(t, join(path, "m.sock"));
});

test("a socket of another user is not replaced", {
  skip: process.geteuid?.() !== 0 && "needs root",
}, async (t) => {
  const { chownSync } = await import("node:fs");
  const path = scratch(t);
  const socket = join(path, "m.sock");
  const other = createServer().listen(socket);
  t.after(() => other.close());
  await new Promise((resolve) => other.once("listening", resolve));
  chownSync(socket, 65534, 65534);
  await assert.rejects(started(t, socket), /belongs to uid 65534/);
});
