/** Checks the arguments of the library's functions. */
import type { StdioOptions } from "node:child_process";
import {
  BOOLEAN,
  choices,
  type Expectation,
  type Expectations,
  FUNCTION,
  listOf,
  OBJECT,
  requireArgument,
  requireOptions,
  TEXT,
} from "../base/arguments.js";
import type { EnterOptions, LocateOptions, PrivateRunOptions, ReapOptions } from "./options.js";
import type { Rights } from "./programs.js";

const ASKED: Expectation = {
  what: "a PID, or the name of a private /tmp",
  accepts: (value) =>
    (typeof value === "string" && value !== "") || (Number.isSafeInteger(value) && Number(value) > 0),
};
const OPEN_FILES: Expectation = {
  what: "a bigint above 0",
  accepts: (value) => typeof value === "bigint" && value > 0n,
};
const STDIO: Expectation = {
  what: 'as for child_process.spawn: "inherit", "pipe", "ignore", or an array',
  accepts: (value): value is StdioOptions =>
    Array.isArray(value) || ["inherit", "pipe", "ignore", "overlapped"].includes(`${value}`),
};

const RIGHTS: Record<keyof Rights, Expectation> = {
  user: TEXT,
  group: TEXT,
  noNewPrivileges: BOOLEAN,
  dropCapabilities: BOOLEAN,
  dieWithParent: BOOLEAN,
};
const ENTER: Record<keyof EnterOptions, Expectation> = {
  ...RIGHTS,
  env: OBJECT,
  cwd: TEXT,
  stdio: STDIO,
  openFiles: OPEN_FILES,
  onNotice: FUNCTION,
};
const RUN: Record<keyof PrivateRunOptions, Expectation> = {
  mode: choices("connected", "disconnected"),
  name: TEXT,
  join: ASKED,
  mountOptions: listOf(TEXT),
  expose: listOf(TEXT),
  killMode: choices("process", "mixed", "all"),
  bestEffort: BOOLEAN,
  forPerson: BOOLEAN,
  ...ENTER,
};
const LOCATE: Record<keyof LocateOptions, Expectation> = { target: TEXT, onNotice: FUNCTION };
const REAP: Record<keyof ReapOptions, Expectation> = { dryRun: BOOLEAN };

/** @throws TypeError */
export function requireRunArguments(command: unknown, options: unknown): void {
  requireCommand("runPrivately", command, options, RUN);
}

/** @throws TypeError */
export function requireEnterArguments(asked: unknown, command: unknown, options: unknown): void {
  requireArgument("enter", "asked", asked, ASKED);
  requireCommand("enter", command, options, ENTER);
}

function requireCommand(caller: string, command: unknown, options: unknown, known: Expectations): void {
  requireArgument(caller, "command", command, listOf(TEXT));
  requireOptions(caller, options, known);
}

/** @throws TypeError */
export function requireLocateArguments(asked: unknown, options: unknown): void {
  requireArgument("locate", "asked", asked, ASKED);
  requireOptions("locate", options, LOCATE);
}

/** @throws TypeError */
export function requireReapOptions(options: unknown): void {
  requireOptions("reap", options, REAP);
}
