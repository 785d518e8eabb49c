/** Talks to systemd by its documented socket protocols: sd_notify(3), and the native protocol of journald. */
import { fstatSync } from "node:fs";
import { type Bytes, bytes } from "../base/bytes.js";
import { sendDatagram } from "./datagram.js";

const JOURNAL = "/run/systemd/journal/socket" as Bytes;
const MICROSECONDS = 1000n;
const LENGTH_SIZE = 8;

/**
 * Sends state assignments such as `READY=1` to the service manager. Does nothing if there is none. One that does not listen
 * is no reason to stop.
 */
export function notifyManager(state: Readonly<Record<string, string>>, environment = process.env): void {
  const socket = bytes(environment.NOTIFY_SOCKET ?? "");
  if (!/^[/@]/.test(socket)) return;
  const text = Object.entries(state).map(([name, value]) => `${name}=${value}\n`);
  try {
    sendDatagram(socket, Buffer.from(text.join("")));
  } catch {
    // As sd_notify(3) recommends: the return value is for debugging.
  }
}

/** CLOCK_MONOTONIC in microseconds, for MONOTONIC_USEC. */
export function monotonicMicroseconds(): string {
  return String(process.hrtime.bigint() / MICROSECONDS);
}

/** How often the manager expects `WATCHDOG=1`, in milliseconds; undefined if it does not: sd_watchdog_enabled(3). */
export function watchdogInterval(environment = process.env): number | undefined {
  const { WATCHDOG_USEC = "", WATCHDOG_PID } = environment;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return undefined;
  const microseconds = Number(WATCHDOG_USEC);
  return /^\d+$/.test(WATCHDOG_USEC) && microseconds > 0 ? microseconds / 1000 : undefined;
}

/** Whether the fd leads to the journal: $JOURNAL_STREAM of systemd.exec(5). */
export function isJournalStream(fd: number, environment = process.env): boolean {
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return environment.JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/**
 * Writes an entry with fields to the journal; values may have line breaks. Names are upper case: systemd.journal-fields(7).
 *
 * @throws SyscallError if no journald listens.
 */
export function writeJournal(fields: Readonly<Record<string, string>>, socket: Bytes = JOURNAL): void {
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    const content = Buffer.from(value);
    const length = Buffer.alloc(LENGTH_SIZE);
    length.writeBigUInt64LE(BigInt(content.length));
    return [Buffer.from(`${name}\n`), length, content, Buffer.from("\n")];
  });
  sendDatagram(socket, Buffer.concat(parts));
}
