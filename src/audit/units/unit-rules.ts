/** The rules for units: what each finds in one unit. */
import type { PathStep } from "../finding.js";
import type { FoundAt } from "../place-findings.js";
import { isSharedPath } from "../shared-paths.js";
import type { UnitCommand } from "./commands.js";
import type { ProgramUse } from "./evidence.js";
import { startsEarly } from "./ordering.js";
import { isYes, type Setting, wordsOf } from "./unit-file.js";
import { lastSetting, settingsOf, type Unit } from "./unit-tree.js";

export interface UnitInput {
  readonly unit: Unit;
  readonly units: ReadonlyMap<string, Unit>;
  readonly commands: readonly { readonly command: UnitCommand; readonly use: ProgramUse }[];
  /** Whether a line of tmpfiles.d removes by age what is at a path, and after how long. */
  readonly cleanedAfter: (path: string) => string | undefined;
}

/** A finding in the file of a setting: a drop-in file may be another than the unit's own. */
export interface UnitFinding extends FoundAt {
  readonly setting: Setting;
}

/** More would repeat the same advice. */
const MOST_EVIDENCE = 3;

function firstOf(evidence: readonly PathStep[]): PathStep[] {
  const place = ({ file, line, column }: PathStep): string => `${file}:${line}:${column}`;
  return [...new Map(evidence.map((step) => [place(step), step])).values()].slice(0, MOST_EVIDENCE);
}

export function unitFindings(input: UnitInput): UnitFinding[] {
  return [...early(input), ...privateTmp(input), ...rendezvous(input), ...longWork(input)];
}

function early({ unit, units, commands }: UnitInput): UnitFinding[] {
  if (!startsEarly(unit, units)) return [];
  const setting = lastSetting(unit, "Unit", "DefaultDependencies");
  const evidence = commands.flatMap(({ use }) => use.any).filter(({ message }) => !/dev\/shm/.test(message));
  if (setting === undefined || evidence.length === 0 || hasOwnTmp(unit)) return [];
  return [
    found("UNIT001", setting, {
      message: `${unit.name} may start before systemd-tmpfiles-setup.service, and uses a shared temporary directory`,
      evidence: firstOf(evidence),
    }),
  ];
}

function privateTmp({ unit, commands }: UnitInput): UnitFinding[] {
  if (!unit.name.endsWith(".service") || hasOwnTmp(unit)) return [];
  const first = commands.find(({ use }) => use.guessable.length > 0);
  if (first === undefined) return [];
  const evidence = firstOf(commands.flatMap(({ use }) => use.guessable));
  return [
    found("UNIT002", first.command.setting, {
      message: `${unit.name} has no PrivateTmp=, and its program uses a name in a shared temporary directory that other users can guess`,
      evidence,
    }),
  ];
}

/** Whether the service sees another /tmp than the host's, or cannot write to it: systemd.exec(5). */
function hasOwnTmp(unit: Unit): boolean {
  const value = (key: string): string | undefined => lastSetting(unit, "Service", key)?.value;
  const lists = (...keys: readonly string[]): string[] =>
    settingsOf(unit, "Service", ...keys).flatMap((each) =>
      wordsOf(each.value).map((word) => word.replace(/^[-+]*/, "")),
    );
  if (isYes(value("PrivateTmp")) || value("PrivateTmp") === "disconnected") return true;
  if (isYes(value("DynamicUser")) || (value("RootDirectory") ?? value("RootImage")) !== undefined)
    return true;
  if (lists("TemporaryFileSystem", "InaccessiblePaths").some((each) => /^\/(tmp)?(:|$)/.test(each)))
    return true;
  if (lists("BindPaths").some((each) => /:\/tmp(:|$)/.test(each))) return true;
  const writable = lists("ReadWritePaths").some((each) => isSharedPath(each) || each === "/");
  const readOnly =
    value("ProtectSystem") === "strict" || lists("ReadOnlyPaths").some((each) => /^\/(tmp)?$/.test(each));
  return readOnly && !writable;
}

function rendezvous({ unit }: UnitInput): UnitFinding[] {
  const sockets = ["ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO", "Symlinks"];
  const settings = [...settingsOf(unit, "Socket", ...sockets), ...settingsOf(unit, "Service", "PIDFile")];
  return settings
    .filter(({ value }) => wordsOf(value).some(isSharedPath))
    .map((setting) =>
      found("UNIT003", setting, {
        message: `${setting.key}=${setting.value} is in a directory in which all users can create files`,
      }),
    );
}

/** Services that run until they are stopped, or as long as they need. */
function isLong(unit: Unit): boolean {
  if (!unit.name.endsWith(".service")) return false;
  const limit = lastSetting(unit, "Service", "RuntimeMaxSec")?.value;
  if (limit !== undefined && limit !== "infinity") return false;
  const oneshot = lastSetting(unit, "Service", "Type")?.value === "oneshot";
  const remains = isYes(lastSetting(unit, "Service", "RemainAfterExit")?.value);
  const start =
    lastSetting(unit, "Service", "TimeoutStartSec")?.value ??
    lastSetting(unit, "Service", "TimeoutSec")?.value;
  return !oneshot || remains || start === "infinity" || start === "0";
}

function longWork({ unit, commands, cleanedAfter }: UnitInput): UnitFinding[] {
  if (!isLong(unit) || hasOwnTmp(unit) || commands.some(({ use }) => use.locks)) return [];
  const environment = settingsOf(unit, "Service", "Environment").filter(({ value }) =>
    /(^|\s|")(TMPDIR|TMP|TEMP|HOME|XDG_CACHE_HOME)=/.test(value),
  );
  const settings = [
    ...settingsOf(unit, "Service", "WorkingDirectory"),
    ...environment,
    ...commands.map(({ command }) => command.setting),
  ];
  for (const setting of settings) {
    const path = wordsOf(setting.value)
      .map((word) => word.replace(/^[\w-]+=|^-/, ""))
      .find(isSharedPath);
    const age = path === undefined ? undefined : cleanedAfter(path);
    if (path === undefined || age === undefined) continue;
    return [
      found("UNIT004", setting, {
        message: `${unit.name} works in ${path}, where files are removed after ${age}, and neither locks it nor exempts it from cleaning`,
      }),
    ];
  }
  return [];
}

function found(
  rule: string,
  setting: Setting,
  { message, evidence }: Pick<FoundAt, "message" | "evidence">,
): UnitFinding {
  return {
    rule,
    setting,
    at: setting.at,
    end: setting.end,
    message,
    ...(evidence === undefined ? {} : { evidence }),
  };
}
