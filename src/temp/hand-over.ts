import { BroadcastChannel, isMainThread, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Bytes } from "../base/bytes.js";
import { Fd } from "../sys/files.js";
import type { Leftover } from "./leftovers.js";

/** A leftover as it goes from thread to thread. */
export interface Parcel {
  readonly kind: Leftover["kind"];
  readonly dir: number;
  readonly name: string;
  readonly fd: number;
}

export function pack({ kind, dir, name, fd }: Leftover): Parcel {
  return { kind, dir: dir.number, name, fd: fd.number };
}

export function unpack({ kind, dir, name, fd }: Parcel): Leftover {
  const path = name as Bytes;
  return { kind, dir: new Fd(dir, path), name: path, fd: new Fd(fd, path) };
}

const CHANNEL = "mayfly: what ended workers leave";
/** Opened by the main thread before a worker could end, and read when the process does. */
let inbox: BroadcastChannel | undefined;

/** Makes the main thread ready to take over. */
export function expectParcels(): void {
  if (!isMainThread || inbox !== undefined) return;
  inbox = new BroadcastChannel(CHANNEL);
  inbox.unref();
}

/** From a worker that ends, to the main thread. */
export function handOver(leftovers: readonly Leftover[]): void {
  if (leftovers.length === 0) return;
  const outbox = new BroadcastChannel(CHANNEL);
  outbox.postMessage(leftovers.map(pack));
  outbox.close();
}

export function handedOver(): Leftover[] {
  const leftovers: Leftover[] = [];
  while (inbox !== undefined) {
    const received = receiveMessageOnPort(inbox as unknown as MessagePort);
    if (received === undefined) break;
    leftovers.push(...(received.message as Parcel[]).map(unpack));
  }
  return leftovers;
}
