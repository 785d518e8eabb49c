/** Writes messages as systemd programs do: level, target, colors and prefix come from $SYSTEMD_LOG_*. */
import { writeFileSync } from "node:fs";
import { type Bytes, bytes, toBuffer } from "../../base/bytes.js";
import { isJournalStream } from "../../sys/systemd.js";
import type { OutputStream } from "../output-stream.js";
import { control } from "../terminal.js";
import { parseBoolean } from "./boolean.js";

/** The levels of syslog(3), by number. */
const LEVELS = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;
export type LevelName = (typeof LEVELS)[number];

export interface Log {
  wants(level: LevelName): boolean;
  write(level: LevelName, text: Bytes): void;
}

const TARGETS = [
  "console",
  "console-prefixed",
  "kmsg",
  "journal",
  "journal-or-kmsg",
  "syslog",
  "syslog-or-kmsg",
  "auto",
  "null",
];
const COLORS: Readonly<Partial<Record<LevelName, string>>> = {
  emerg: "\x1b[1;31m",
  alert: "\x1b[1;31m",
  crit: "\x1b[1;31m",
  err: "\x1b[1;31m",
  warning: "\x1b[1;33m",
  notice: "\x1b[1m",
  debug: "\x1b[2m",
};
/** LOG_DAEMON, the facility that systemd programs log under. */
const FACILITY = 3 << 3;
const STDERR = 2;

/**
 * Honors $SYSTEMD_LOG_LEVEL, $SYSTEMD_LOG_TARGET, $SYSTEMD_LOG_COLOR and $SYSTEMD_LOG_TIME (systemd-tmpfiles(8),
 * Environment). Mayfly opens no journal socket of its own: if standard error is a journal stream, each line is written
 * there with its level in front.
 */
export function openLog(stderr: OutputStream, env: NodeJS.ProcessEnv = process.env): Log {
  const problems: string[] = [];
  const target = targetOf(env, problems);
  const most = Math.min(...levelsOf(env, problems).map((name) => LEVELS.indexOf(name)));
  const colors = booleanOf(env, "SYSTEMD_LOG_COLOR", problems) ?? (!env.NO_COLOR && env.TERM !== "dumb");
  const dated = booleanOf(env, "SYSTEMD_LOG_TIME", problems) ?? false;
  const print = printer(target, stderr, { colors: colors && stderr.isTerminal, dated, env });
  const log: Log = {
    wants: (level) => target !== "null" && LEVELS.indexOf(level) <= most,
    write(level, text) {
      if (log.wants(level)) print(level, text);
    },
  };
  for (const problem of problems) log.write("warning", bytes(problem));
  return log;
}

interface Look {
  readonly colors: boolean;
  readonly dated: boolean;
  readonly env: NodeJS.ProcessEnv;
}

function printer(target: string, stderr: OutputStream, look: Look): (level: LevelName, text: Bytes) => void {
  if (target === "kmsg" || (target.endsWith("-or-kmsg") && !isJournalStream(STDERR, look.env)))
    return toKernel;
  const prefix = prefixFor(target, look.env);
  return (level, text) => {
    const before = prefix(level);
    const date = look.dated ? `${dateNow()} ` : "";
    const color = look.colors ? COLORS[level] : undefined;
    const line = color === undefined ? text : `${control(color)}${text}${control("\x1b[0m")}`;
    stderr.write(toBuffer(`${before}${date}${line}\n` as Bytes));
  };
}

/**
 * What precedes a line. journald reads the prefix of a stream as a bare level (sd-daemon(3)) and keeps any other number
 * as text; "console-prefixed" includes the facility, as syslog(3) does.
 */
function prefixFor(target: string, env: NodeJS.ProcessEnv): (level: LevelName) => string {
  if (target !== "console" && isJournalStream(STDERR, env)) return (level) => `<${LEVELS.indexOf(level)}>`;
  if (target === "console-prefixed") return (level) => `<${FACILITY + LEVELS.indexOf(level)}>`;
  return () => "";
}

function toKernel(level: LevelName, text: Bytes): void {
  const line = `<${FACILITY + LEVELS.indexOf(level)}>systemd-tmpfiles[${process.pid}]: ${text}\n`;
  try {
    writeFileSync("/dev/kmsg", toBuffer(line as Bytes));
  } catch {
    // Without permission to write to the kernel log the message is dropped, as systemd programs do.
  }
}

function targetOf(env: NodeJS.ProcessEnv, problems: string[]): string {
  const wanted = env.SYSTEMD_LOG_TARGET;
  if (wanted === undefined) return "auto";
  if (TARGETS.includes(wanted)) return wanted;
  problems.push(`Failed to parse log target '${wanted}', ignoring.`);
  return "auto";
}

/** The level for all targets, and the level for the console. A message must pass both. */
function levelsOf(env: NodeJS.ProcessEnv, problems: string[]): LevelName[] {
  const wanted = env.SYSTEMD_LOG_LEVEL ?? "";
  let all: LevelName = "info";
  let console: LevelName = "debug";
  for (const entry of wanted.split(",").filter((text) => text !== "")) {
    const [, where, word] = /^(?:(console|syslog|kmsg|journal):)?(.*)$/s.exec(entry) ?? [];
    const level = LEVELS.find((name, at) => name === word || `${at}` === word);
    if (level === undefined)
      problems.push(`Failed to parse log level '${entry}', ignoring: Invalid argument`);
    else if (where === undefined) all = level;
    else if (where === "console") console = level;
  }
  return [all, console];
}

function booleanOf(env: NodeJS.ProcessEnv, name: string, problems: string[]): boolean | undefined {
  const word = env[name];
  const value = word === undefined ? undefined : parseBoolean(word);
  if (word === undefined || value !== undefined) return value;
  const what = name.slice("SYSTEMD_LOG_".length).toLowerCase();
  problems.push(`Failed to parse log ${what} '${env[name]}', ignoring.`);
  return undefined;
}

function dateNow(): string {
  return `${new Date().toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
