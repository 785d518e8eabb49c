import { BroadcastChannel, isMainThread, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Bytes } from "../base/bytes.js";
import { Fd } from "../sys/files.js";
import type { Leftover } from "./leftovers.js";

/** A leftover as it goes from thread to thread. */
export interface Parcel {
  readonly kind: Leftover["kind"];
  readonly dir: number;
  /** What `dir` was opened as: a mount can only be taken away by its path. */
  readonly dirPath: string;
  readonly name: string;
  readonly fd: number;
}

export function pack({ kind, dir, name, fd }: Leftover): Parcel {
  return { kind, dir: dir.number, dirPath: dir.path, name, fd: fd.number };
}

export function unpack({ kind, dir, dirPath, name, fd }: Parcel): Leftover {
  const path = name as Bytes;
  return { kind, dir: new Fd(dir, dirPath as Bytes), name: path, fd: new Fd(fd, path) };
}

const CHANNEL = "mayfly: what ended workers leave";
/** Opened by the main thread before a worker could end. */
let inbox: BroadcastChannel | undefined;
const arrived: Parcel[] = [];

/** Makes the main thread ready to take over. */
export function expectParcels(): void {
  if (!isMainThread || inbox !== undefined) return;
  inbox = new BroadcastChannel(CHANNEL);
  // What comes while the event loop runs is only kept where somebody listens.
  inbox.onmessage = (event) => arrived.push(...(event as { readonly data: Parcel[] }).data);
  inbox.unref();
}

/** From a worker that ends, to the main thread. */
export function handOver(leftovers: readonly Leftover[]): void {
  if (leftovers.length === 0) return;
  new BroadcastChannel(CHANNEL).postMessage(leftovers.map(pack));
}

/** What has arrived, also since the event loop last had its turn. */
export function handedOver(): Leftover[] {
  while (inbox !== undefined) {
    const received = receiveMessageOnPort(inbox as unknown as MessagePort);
    if (received === undefined) break;
    arrived.push(...(received.message as Parcel[]));
  }
  return arrived.splice(0).map(unpack);
}
