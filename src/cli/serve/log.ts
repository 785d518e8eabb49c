/** The log of `mayfly serve`: text for people and service managers, fields for the journal, or JSON Lines. */
import type { Event } from "../../base/events.js";
import { localTime, utcTime } from "../../base/time.js";
import type { RunRecord, ServiceEvent } from "../../serve/index.js";
import { systemClock } from "../../sys/clock.js";
import { isJournalStream, writeJournal } from "../../sys/systemd.js";
import { counted, number, size } from "../format.js";
import type { OutputStream } from "../output-stream.js";
import { actionLine, errorLine } from "../verbs/event-lines.js";
import { eventObject, line } from "../verbs/json.js";

type LogLevel = "error" | "warning" | "info" | "debug";

/** syslog(3). */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, info: 6, debug: 7 };
const STDERR = 2;
const PLAIN = (_style: unknown, text: string): string => text;

interface Entry {
  readonly level: LogLevel;
  readonly message: string;
  readonly object: Readonly<Record<string, unknown>>;
}

export interface LogOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly json: boolean;
  readonly verbose: boolean;
}

export class ServiceLog {
  readonly #options: LogOptions;
  readonly #toJournal: boolean;
  #isVerbose: boolean;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#isVerbose = options.verbose;
    this.#toJournal = isJournalStream(STDERR);
  }

  get isVerbose(): boolean {
    return this.#isVerbose;
  }

  switchLevel(): void {
    this.#isVerbose = !this.#isVerbose;
    const level = this.#isVerbose ? "debug" : "info";
    this.#write({
      level: "info",
      message: `Log level: ${level}`,
      object: { type: "level", logLevel: level },
    });
  }

  report(event: ServiceEvent): void {
    const entry = entryOf(event);
    if (entry !== undefined && (entry.level !== "debug" || this.#isVerbose)) this.#write(entry);
  }

  #write({ level, message, object }: Entry): void {
    const { stdout, stderr, json } = this.#options;
    if (json) {
      const { type, ...rest } = object;
      stdout.write(`${line({ type, time: utcTime(systemClock.now()), level, message, ...rest })}\n`);
      stdout.flush();
      return;
    }
    if (this.#toJournal && writtenToJournal(level, message, object)) return;
    stderr.write(`${this.#toJournal ? `<${PRIORITIES[level]}>` : ""}${message}\n`);
    stderr.flush();
  }
}

/** False if journald cannot be reached. Its stream then carries the text and the level. */
function writtenToJournal(level: LogLevel, message: string, object: Entry["object"]): boolean {
  const fields: Record<string, string> = {
    MESSAGE: message,
    PRIORITY: String(PRIORITIES[level]),
    SYSLOG_IDENTIFIER: "mayfly",
  };
  for (const [name, value] of Object.entries(object)) {
    const field = `MAYFLY_${name.replaceAll(/[A-Z]/g, "_$&").toUpperCase()}`;
    fields[field] = typeof value === "object" ? JSON.stringify(value) : String(value);
  }
  try {
    writeJournal(fields);
    return true;
  } catch {
    return false;
  }
}

function entryOf(event: ServiceEvent): Entry | undefined {
  switch (event.type) {
    case "started":
      return info("Started", { type: "started", pid: event.pid });
    case "listening":
      return info(`Listening on ${event.address}`, { ...event });
    case "waiting":
      return info(waitingText(event), { type: "waiting", waitsFor: event.waitsFor, ...nextOf(event) });
    case "running":
      return { ...info(`Running: ${event.operations.join(", ")}`, { ...event }), level: "debug" };
    case "run":
      return {
        ...info(runText(event.record), { type: "run", reason: event.reason, ...event.record }),
        level: runLevel(event.record),
      };
    case "command-started":
      return info(`The command runs as process ${event.pid}`, { ...event });
    case "command-ended":
      return info(`The command ended with status ${event.status}`, { ...event });
    case "stopping":
      return info(`Stopping (${event.signal})`, { ...event });
    case "problem":
      return { level: event.severity, message: event.message, object: { type: "problem" } };
    case "event":
      return pathEntry(event.event);
  }
}

function info(message: string, object: Entry["object"]): Entry {
  return { level: "info", message, object };
}

function nextOf({ next }: { readonly next: bigint | undefined }): { readonly next?: string } {
  return next === undefined ? {} : { next: utcTime(next) };
}

function waitingText({ next, waitsFor }: Extract<ServiceEvent, { readonly type: "waiting" }>): string {
  if (waitsFor === "clock-sync") return "A run is due; waiting until the clock is synchronized";
  if (next === undefined) return "No run is scheduled";
  return `Next run: ${localTime(next, "second")}${waitsFor === "settling" ? ", when the host has settled after boot" : ""}`;
}

/** Invalid lines and failed paths are a warning, since all others were processed. */
function runLevel({ exitStatus, errors }: RunRecord): LogLevel {
  if (exitStatus === 1) return "error";
  return errors > 0 ? "warning" : "info";
}

function runText({ operations, lines, errors, interrupted, durationSeconds }: RunRecord): string {
  const entries = lines.reduce((sum, { removed }) => sum + removed.entries, 0);
  const bytes = lines.reduce((sum, { removed }) => sum + removed.bytes, 0);
  const removed = `removed ${counted(entries, "entry", "entries")}, ${size(bytes)}`;
  const done = [
    ...(operations.includes("create") ? [] : [removed]),
    ...(errors > 0 ? [`${number(errors)} failed`] : []),
    ...(interrupted ? ["interrupted"] : []),
  ];
  const text = done.length === 0 ? "done" : done.join(", ");
  return `${operations.join(", ")}: ${text} in ${durationSeconds.toFixed(1)} s`;
}

/** Failures are errors or warnings; successful changes are logged only on request. */
function pathEntry(event: Event): Entry | undefined {
  const object = { type: "event", event: eventObject(event) };
  const error = errorLine(event, PLAIN, false);
  if (error !== undefined) return { level: errorLevel(event), message: error, object };
  const action = actionLine(event, PLAIN);
  return action === undefined ? undefined : { level: "debug", message: action, object };
}

function errorLevel(event: Event): LogLevel {
  if (event.type === "failed") return event.tolerated ? "warning" : "error";
  return event.type === "diagnostic" && event.diagnostic.severity === "error" ? "error" : "warning";
}
