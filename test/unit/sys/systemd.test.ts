/** The protocols of systemd: what is sent, byte for byte. */
import assert from "node:assert/strict";
import { fstatSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { sendDatagram } from "#src/sys/datagram.js";
import { isJournalStream, notifyManager, watchdogInterval, writeJournal } from "#src/sys/systemd.js";
import { DatagramReceiver } from "../../datagrams.js";
import { scratch } from "../../scratch.js";

test("states are assignments, one a line, in one datagram", (t) => {
  const socket = join(scratch(t), "notify");
  using receiver = new DatagramReceiver(socket);
  notifyManager({ READY: "1", STATUS: "Next run: soon" }, { NOTIFY_SOCKET: socket });
  notifyManager({ READY: "1" }, {});
  assert.deepEqual(receiver.receive(), ["READY=1\nSTATUS=Next run: soon\n"]);
});

test("an entry of the journal has each field with its length, so that values may have line breaks", (t) => {
  const socket = join(scratch(t), "journal");
  using receiver = new DatagramReceiver(socket);
  writeJournal({ MESSAGE: "two\nlines", PRIORITY: "6" }, bytes(socket));
  const length = (size: number): string => `${String.fromCharCode(size)}${"\0".repeat(7)}`;
  assert.deepEqual(receiver.receive(), [`MESSAGE\n${length(9)}two\nlines\nPRIORITY\n${length(1)}6\n`]);
});

test("a socket that nobody has, and a path that is too long, are errors", (t) => {
  const path = scratch(t);
  assert.throws(() => sendDatagram(bytes(join(path, "none")), Buffer.from("x")), { code: "ENOENT" });
  assert.throws(() => sendDatagram(bytes(`/${"x".repeat(107)}`), Buffer.from("x")), RangeError);
  assert.throws(() => sendDatagram(bytes("@mayfly-nobody"), Buffer.from("x")), { code: "ECONNREFUSED" });
});

test("the watchdog is the one for this process", () => {
  assert.equal(watchdogInterval({}), undefined);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "30000000" }), 30_000);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: String(process.pid) }), 30_000);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" }), undefined);
  for (const bad of ["0", "", "x", "-1"]) assert.equal(watchdogInterval({ WATCHDOG_USEC: bad }), undefined);
});

test("a stream is the journal's if $JOURNAL_STREAM names its inode", () => {
  const { dev, ino } = fstatSync(0, { bigint: true });
  assert.equal(isJournalStream(0, { JOURNAL_STREAM: `${dev}:${ino}` }), true);
  assert.equal(isJournalStream(0, { JOURNAL_STREAM: `${dev}:${ino + 1n}` }), false);
  assert.equal(isJournalStream(0, {}), false);
});
