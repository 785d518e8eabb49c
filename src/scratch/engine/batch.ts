/** Removes one batch of names: journals the intent, checks the lease, asks the guards anew, unlinks, journals the outcome. */
import { readlinkSync } from "node:fs";
import type { Bytes } from "../../base/bytes.js";
import { type Errno, type FdNumber, SUCCESS } from "../../sys/ffi.js";
import { S_IFDIR } from "../../sys/inode.js";
import { ENOENT, ENOTEMPTY } from "../../sys/scan.js";
import {
  DIRECTORY_POST_VISIT,
  DIRECTORY_PRE_VISIT,
  firstGuard,
  OTHER,
} from "../../tmpfiles/ageing/guards.js";
import type { Intent, Result } from "../journal.js";
import type { Gate } from "./gate.js";
import type { OpenDirectory } from "./level.js";
import type { EngineMessage, UnitTotals } from "./messages.js";
import type { EngineParts, Way } from "./way.js";

/** So many names have one intent. */
export const BATCH_NAMES = 256;

/** Sends a message to the main thread. */
export type Send = (message: EngineMessage) => void;

/** Sends a message and waits for the answer. */
export function ask(gate: Gate, send: Send, message: EngineMessage): boolean {
  gate.reset();
  send(message);
  return gate.wait();
}

type Fate = "removed" | "missing" | "kept";

/** The removal of names from the directories of one unit. */
export class Batches {
  readonly #parts: EngineParts;
  readonly #gate: Gate;
  readonly #send: Send;
  readonly #totals: UnitTotals;
  readonly #id: string;
  #count = 0;

  constructor(parts: EngineParts, gate: Gate, send: Send, totals: UnitTotals, id: string) {
    this.#parts = parts;
    this.#gate = gate;
    this.#send = send;
    this.#totals = totals;
    this.#id = id;
  }

  /** Removes what no guard keeps now. */
  remove(way: Way, names: readonly Bytes[], kind: "files" | "directories"): void {
    for (let at = 0; at < names.length && !this.#gate.isClosed(); at += BATCH_NAMES) {
      this.#batch(way, names.slice(at, at + BATCH_NAMES), kind);
    }
  }

  #batch(way: Way, names: readonly Bytes[], kind: "files" | "directories"): void {
    const level = way.last as OpenDirectory;
    const id = `${this.#id}.${this.#count++}`;
    const { path, times } = level;
    const intent: Intent = { type: "intent", id, path, names, times };
    if (!ask(this.#gate, this.#send, { type: "intend", intent })) return;
    const removed: number[] = [];
    const missing: number[] = [];
    let bytes = 0;
    const isThere = this.#isInPlace(level);
    for (const [index, name] of names.entries()) {
      if (!isThere || this.#gate.isClosed()) break;
      const fate = kind === "files" ? this.#file(level, name) : this.#directory(way, level, name);
      if (fate === "missing") missing.push(index);
      if (fate !== "removed") continue;
      removed.push(index);
      const { stat } = level.frame.entry;
      if (kind === "directories" || stat.links === 1) bytes += stat.allocated;
    }
    if (removed.length > 0) level.changed = true;
    this.#totals.removed += removed.length;
    const outcome: Result = { type: "outcome", id, removed, missing, bytes };
    this.#send({ type: "outcome", outcome });
  }

  /** Whether the directory is still where it was opened: the kernel knows the path of an open one. */
  #isInPlace({ frame, path }: OpenDirectory): boolean {
    const root = pathOf(this.#parts.rootFd);
    if (pathOf(frame.fd) === (path === "" ? root : root === "/" ? `/${path}` : `${root}/${path}`))
      return true;
    this.#totals.dropped++;
    return false;
  }

  #file({ frame }: OpenDirectory, name: Bytes): Fate {
    const { entry } = frame;
    entry.moveToNamed(name);
    entry.readStat();
    if (entry.statError === ENOENT) return "missing";
    if (entry.statError !== SUCCESS || entry.stat.type === S_IFDIR) return this.#keep("unreadable");
    entry.beginFile();
    const guard = firstGuard(OTHER, entry, this.#parts.environment);
    if (guard !== undefined) {
      entry.unlock();
      return this.#keep(guard.code);
    }
    const failed = this.#parts.effects.removeFile(frame.fd, entry.nameAddress);
    entry.unlock();
    return this.#fate(failed);
  }

  #directory(way: Way, { frame }: OpenDirectory, name: Bytes): Fate {
    const { entry } = frame;
    entry.moveToNamed(name);
    entry.readStat();
    if (entry.statError === ENOENT) return "missing";
    if (entry.statError !== SUCCESS || entry.stat.type !== S_IFDIR) return this.#keep("unreadable");
    entry.beginDirectory();
    const before = firstGuard(DIRECTORY_PRE_VISIT, entry, this.#parts.environment);
    entry.open();
    if (before === undefined && entry.fd !== undefined) this.#countChildren(way, frame, entry.fd);
    const guard = before ?? firstGuard(DIRECTORY_POST_VISIT, entry, this.#parts.environment);
    const failed =
      guard === undefined ? this.#parts.effects.removeDirectory(frame.fd, entry.nameAddress) : undefined;
    entry.close();
    if (guard !== undefined) return this.#keep(guard.code);
    return failed === ENOTEMPTY ? this.#keep("not-empty") : this.#fate(failed ?? SUCCESS);
  }

  #countChildren(way: Way, { path, depth, lines, rule, entry }: OpenDirectory["frame"], fd: FdNumber): void {
    const inner = way.frame({ fd, path, depth: depth + 1, atMountTop: false, lines, rule });
    const first = inner.firstListed();
    if (first !== undefined) entry.setKeptChildren(1, first);
    way.giveBack(inner);
  }

  #keep(code: string): Fate {
    this.#totals.kept[code] = (this.#totals.kept[code] ?? 0) + 1;
    return "kept";
  }

  #fate(failed: Errno): Fate {
    if (failed === SUCCESS) return "removed";
    if (failed === ENOENT) return "missing";
    this.#totals.failed++;
    return "kept";
  }
}

const pathOf = (fd: FdNumber): string => readlinkSync(`/proc/self/fd/${fd}`, "latin1");
