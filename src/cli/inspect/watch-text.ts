/** Formats the events of a watch as text. */
import { type Bytes, escapeForDisplay, isBelow } from "../../base/bytes.js";
import { localTime } from "../../base/time.js";
import type {
  Abilities,
  Actor,
  EventGroup,
  Victim,
  WatchEvent,
  WatchOperation,
} from "../../inspect/index.js";
import type { Colorize, Style } from "../colors.js";
import { counted, number, shownPath } from "../format.js";
import { sourceText } from "../verbs/reasons.js";
import { userText } from "./watch-json.js";

const WORDS: Readonly<Record<WatchOperation, readonly [string, Style]>> = {
  create: ["created", "green"],
  delete: ["deleted", "red"],
  rename: ["renamed", "yellow"],
  replace: ["replaced", "red"],
  exchange: ["exchanged", "yellow"],
  mount: ["mounted", "cyan"],
  unmount: ["unmounted", "cyan"],
  folded: ["combined", "yellow"],
  lost: ["LOST EVENTS", "red"],
};

/** A group of events: what happened, who did it, and for which line. */
export function groupText(group: EventGroup, colorize: Colorize): string {
  const { first } = group;
  const [word, style] = WORDS[first.op];
  const head = `${colorize("dim", localTime(first.time, "second"))} ${colorize(style, word)} ${whatText(group)}\n`;
  const details = [`by ${actorText(first.actor)}`];
  if (first.victim !== undefined && group.count === 1) details.push(`last seen: ${victimText(first.victim)}`);
  if (first.line !== undefined)
    details.push(`line ${sourceText(first.line)}: ${escapeForDisplay(first.line.text)}`);
  if (first.lineUnknown !== undefined) details.push(`line unknown: ${first.lineUnknown}`);
  if (first.decisive !== undefined) {
    const { timestamp, time } = first.decisive;
    details.push(`decisive: ${timestamp} ${localTime(time)}, the newest timestamp that the line checks`);
  }
  for (const advice of first.advice ?? []) details.push(`advice: ${advice}`);
  return head + details.map((text) => `    ${text}\n`).join("");
}

function whatText({ first, count, below, paths }: EventGroup): string {
  if (count === 1) return onePath(first);
  const names = paths.map((path) => shownPath(nameBelow(path, below)));
  const more = count > names.length ? `, ... ${number(count - names.length)} more` : "";
  return `${number(count)} entries below ${escapeForDisplay(below)}: ${names.join(", ")}${more}`;
}

function onePath({ op, path, to, from, kind, folded, count }: WatchEvent): string {
  if (folded !== undefined) {
    const [word] = WORDS[folded.op];
    return `${number(folded.count)} events (${word}) below ${shownPath(path)}: too fast to report one by one`;
  }
  if (op === "lost") return count === undefined ? "an unknown number" : number(count);
  const what = `${kind === undefined || kind === "file" ? "" : `${kind} `}${shownPath(path)}`;
  if (op === "rename")
    return `${what} to ${to === undefined ? "a directory that is not watched" : shownPath(to)}`;
  if (op === "exchange") return `${what} with ${shownPath(to ?? ("?" as Bytes))}`;
  return from === undefined ? what : `${what} by ${shownPath(from)}, renamed`;
}

function nameBelow(path: Bytes, directory: Bytes): Bytes {
  return isBelow(path, directory) && path !== directory
    ? (path.slice(directory === "/" ? 1 : directory.length + 1) as Bytes)
    : path;
}

const VIA: Readonly<Partial<Record<Actor["source"], string>>> = {
  gone: "a process that exited before it could be identified",
  outside: "a process outside this PID namespace",
  unknown: "an unknown process (inotify events carry no PID)",
};

function actorText({ pid, source: via, exe, cmdline, truncated, uid, unit, container }: Actor): string {
  const unnamed = VIA[via];
  if (unnamed !== undefined) return pid > 0 ? `${unnamed} (pid ${pid})` : unnamed;
  const words =
    cmdline === undefined ? escapeForDisplay(exe ?? ("?" as Bytes)) : cmdline.map(escapeForDisplay).join(" ");
  const command = truncated === true ? `${words}...` : words;
  const facts = [`pid ${pid}`];
  // Omitted if the command line starts with the same path.
  if (exe !== undefined && cmdline?.[0] !== exe && cmdline !== undefined) facts.push(escapeForDisplay(exe));
  if (uid !== undefined) facts.push(`user ${userText(uid)}`);
  if (unit !== undefined) facts.push(`unit ${escapeForDisplay(unit)}`);
  if (container !== undefined) facts.push(`container ${escapeForDisplay(container).slice(0, 12)}`);
  return `${command} (${facts.join(", ")}; known by ${via})`;
}

function victimText({ size, atime, mtime, ctime, btime }: Victim): string {
  const birth = btime === undefined ? "" : `, born ${localTime(btime)}`;
  return `${size} bytes, modified ${localTime(mtime)}, read ${localTime(atime)}, changed ${localTime(ctime)}${birth}`;
}

/** What can be reported on this host, printed before the first event. `verbose` adds the source of removals. */
export function abilitiesText(abilities: Abilities, verbose: boolean): string {
  const { events, naming, removals, directories, notices, missing } = abilities;
  const how = naming === "none" ? "processes cannot be identified" : `processes are identified by ${naming}`;
  const source = verbose ? ` Removals of files are reported by ${removals}.` : "";
  const lines = [
    `Watching ${counted(directories, "directory", "directories")} with ${events}; ${how}.${source}`,
    ...missing.map((path) => `${shownPath(path)} does not exist; watching for its creation`),
    ...notices,
  ];
  return `${lines.join("\n")}\n`;
}

/** The number of distinct programs is not bounded, so the counters are. */
const MAX_COUNTERS = 10_000;

/** Counts who did what since the watch started. */
export class WatchSummary {
  readonly #counts = new Map<string, number>();

  add({ op, actor, line, folded, count = 1 }: WatchEvent): void {
    const who = actor.exe === undefined ? (VIA[actor.source] ?? "?") : escapeForDisplay(actor.exe);
    const unit = actor.unit === undefined ? "" : `, unit ${escapeForDisplay(actor.unit)}`;
    const why = line === undefined ? "" : `, line ${sourceText(line)}`;
    const key = `${WORDS[folded?.op ?? op][0]} by ${who}${unit}${why}`;
    const known = this.#counts.has(key) || this.#counts.size < MAX_COUNTERS ? key : "other events";
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + (folded?.count ?? count));
  }

  text(): string {
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a);
    if (sorted.length === 0) return "No events since the start.\n";
    return `Since the start:\n${sorted.map(([what, count]) => `  ${number(count).padStart(9)} ${what}\n`).join("")}`;
  }
}
