import { type Bytes, isBelow, show } from "../../base/bytes.js";
import { localTime } from "../../base/time.js";
import type { Abilities, Actor, Block, Victim, WatchEvent, WatchOperation } from "../../inspect/index.js";
import type { Paint, Style } from "../style.js";
import { place } from "../verbs/reasons.js";
import { number } from "../words.js";
import { userText } from "./watch-json.js";

const WORDS: Readonly<Record<WatchOperation, readonly [string, Style]>> = {
  create: ["created", "green"],
  delete: ["deleted", "red"],
  rename: ["renamed", "yellow"],
  replace: ["replaced", "red"],
  exchange: ["exchanged", "yellow"],
  mount: ["mounted", "cyan"],
  unmount: ["unmounted", "cyan"],
  lost: ["LOST EVENTS", "red"],
};

/** A block for a person: what happened, who did it, and for which line. */
export function blockText(block: Block, paint: Paint): string {
  const { first } = block;
  const [word, style] = WORDS[first.op];
  const head = `${paint("dim", localTime(first.time, "second"))} ${paint(style, word)} ${whatText(block)}\n`;
  const details = [`by ${actorText(first.actor)}`];
  if (first.victim !== undefined && block.count === 1) details.push(`last seen: ${victimText(first.victim)}`);
  if (first.line !== undefined) details.push(`line ${place(first.line)}: ${show(first.line.text)}`);
  if (first.lineUnknown !== undefined) details.push(`line unknown: ${first.lineUnknown}`);
  if (first.decisive !== undefined) {
    const { timestamp, time } = first.decisive;
    details.push(`decisive: ${timestamp} ${localTime(time)}, the newest that the line goes by`);
  }
  for (const advice of first.advice ?? []) details.push(`advice: ${advice}`);
  return head + details.map((text) => `    ${text}\n`).join("");
}

function whatText({ first, count, below, paths }: Block): string {
  if (count === 1) return onePath(first);
  const names = paths.map((path) => show(nameBelow(path, below)));
  const more = count > names.length ? `, ... ${number(count - names.length)} more` : "";
  return `${number(count)} entries below ${show(below)}: ${names.join(", ")}${more}`;
}

function onePath({ op, path, to, from, kind }: WatchEvent): string {
  const what = `${kind === undefined || kind === "file" ? "" : `${kind} `}${show(path)}`;
  if (op === "rename")
    return `${what} to ${to === undefined ? "somewhere outside of what is watched" : show(to)}`;
  if (op === "exchange") return `${what} with ${show(to ?? ("?" as Bytes))}`;
  return from === undefined ? what : `${what} by ${show(from)}, renamed`;
}

function nameBelow(path: Bytes, directory: Bytes): Bytes {
  return isBelow(path, directory) && path !== directory
    ? (path.slice(directory === "/" ? 1 : directory.length + 1) as Bytes)
    : path;
}

const VIA: Readonly<Partial<Record<Actor["via"], string>>> = {
  gone: "a process that was gone before it could be named",
  outside: "a process outside of this pid namespace",
  unknown: "nobody knows: the events bear no process",
};

export function actorText({ pid, via, exe, cmdline, truncated, uid, unit, container }: Actor): string {
  const unnamed = VIA[via];
  if (unnamed !== undefined) return pid > 0 ? `${unnamed} (pid ${pid})` : unnamed;
  const words = cmdline === undefined ? show(exe ?? ("?" as Bytes)) : cmdline.map(show).join(" ");
  const command = truncated === true ? `${words}...` : words;
  const facts = [`pid ${pid}`];
  if (exe !== undefined) facts.push(show(exe));
  if (uid !== undefined) facts.push(`user ${userText(uid)}`);
  if (unit !== undefined) facts.push(`unit ${show(unit)}`);
  if (container !== undefined) facts.push(`container ${show(container).slice(0, 12)}`);
  return `${command} (${facts.join(", ")}; known by ${via})`;
}

function victimText({ size, atime, mtime, ctime, btime }: Victim): string {
  const birth = btime === undefined ? "" : `, born ${localTime(btime)}`;
  return `${size} bytes, modified ${localTime(mtime)}, read ${localTime(atime)}, changed ${localTime(ctime)}${birth}`;
}

/** What this host allows to be told, before the first event. */
export function abilitiesText({ events, naming, directories, notices }: Abilities): string {
  const how = naming === "none" ? "processes can't be named" : `processes are named by ${naming}`;
  const lines = [`Watching ${number(directories)} directories by ${events}; ${how}.`, ...notices];
  return `${lines.join("\n")}\n`;
}

/** Who did what, how often, since the watch began. */
export class Summary {
  readonly #counts = new Map<string, number>();

  add({ op, actor, line }: WatchEvent): void {
    const who = actor.exe === undefined ? (VIA[actor.via] ?? "?") : show(actor.exe);
    const unit = actor.unit === undefined ? "" : `, unit ${show(actor.unit)}`;
    const why = line === undefined ? "" : `, line ${place(line)}`;
    const key = `${WORDS[op][0]} by ${who}${unit}${why}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  text(): string {
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a);
    if (sorted.length === 0) return "Nothing happened since the start.\n";
    return `Since the start:\n${sorted.map(([what, count]) => `  ${number(count).padStart(9)} ${what}\n`).join("")}`;
  }
}
