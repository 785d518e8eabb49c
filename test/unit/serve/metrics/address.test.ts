/** Where to listen, and which Host headers are answered. */
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { addressText, isLocal, parseListenAddress } from "#src/serve/metrics/address.js";
import { isAllowedHost } from "#src/serve/metrics/host-header.js";

test("a port alone means the loopback address", () => {
  for (const text of ["9750", ":9750", "localhost:9750", "127.0.0.1:9750"]) {
    const address = parseListenAddress(bytes(text));
    assert.deepEqual(address, { host: "127.0.0.1", port: 9750 });
    assert.equal(addressText(address), "http://127.0.0.1:9750");
    assert.ok(isLocal(address));
  }
});

test("other addresses are listened on only if they are given", () => {
  const all = parseListenAddress(bytes("[::]:0"));
  assert.deepEqual(all, { host: "::", port: 0 });
  assert.equal(addressText(all), "http://[::]:0");
  assert.ok(!isLocal(all));
  assert.ok(!isLocal(parseListenAddress(bytes("0.0.0.0:1"))));
  assert.ok(isLocal(parseListenAddress(bytes("[::1]:1"))));
});

test("an absolute path is a Unix socket", () => {
  for (const text of ["/run/m.sock", "unix:/run/m.sock"]) {
    const address = parseListenAddress(bytes(text));
    assert.deepEqual(address, { path: "/run/m.sock", mode: 0o660 });
    assert.equal(addressText(address), "unix:/run/m.sock");
    assert.ok(isLocal(address));
  }
});

test("anything else is refused with what is accepted", () => {
  const wrong = [
    "",
    ":",
    "x",
    "host:1",
    "1.2.3:80",
    "::1:80",
    "[::1]",
    "[127.0.0.1]:80",
    "99999",
    "127.0.0.1:65536",
  ];
  for (const text of [
    ...wrong,
    "127.0.0.1:",
    "unix:run/m",
    "/run/",
    "-1",
    "1.5",
    "127.0.0.1:80/x",
    "http://x:1",
  ])
    assert.throws(() => parseListenAddress(text as Bytes), /is not a valid address: specify a port/, text);
});

test("a Host header must be an address or a name of this host", () => {
  const good = [
    "localhost",
    "LOCALHOST:9750",
    "localhost.",
    "127.0.0.1",
    "10.0.0.7:80",
    "[::1]",
    "[fe80::1]:80",
  ];
  for (const host of [undefined, ...good, hostname(), `${hostname()}:9750`])
    assert.ok(isAllowedHost(host), host);
  const bad = [
    "evil.example",
    "evil.example:80",
    "127.0.0.1.evil.example",
    "",
    "[evil]",
    "::1",
    "localhost:x",
  ];
  for (const host of [
    ...bad,
    "localhost@evil.example",
    "user:pass@127.0.0.1",
    "localhost.evil.example",
    "a b",
  ])
    assert.ok(!isAllowedHost(host), host);
  assert.ok(isAllowedHost("mayfly.monitoring.svc:9750", ["Mayfly.monitoring.svc"]));
});
