/** HOST005: the programs that clean /tmp on a host: timers of systemd, and jobs of cron and anacron. */
import type { PathStep } from "../finding.js";
import { lineIndex } from "../source/lines.js";
import type { RootFiles } from "../units/root-files.js";
import { lastSetting, loadUnits, settingsOf, UNIT_DIRECTORIES, type Unit } from "../units/unit-tree.js";
import type { HostFinding } from "./host-finding.js";

const CLEANS =
  /\b(?:tmpreaper|tmpwatch|stmpclean|tmpcleaner)\b|\b(?:systemd-tmpfiles|mayfly\s+tmpfiles)\b.*\s--clean\b|\bmayfly\s+(?:clean|serve)\b|\bfind\s+(?:-\w+\s+)*["']?\/(?:var\/)?tmp\b.*(?:-delete\b|\brm\b|\bunlink\b)|\brm\s+-\w*r\w*\s+(?:--\s+)?["']?\/(?:var\/)?tmp\/?["']?\*/;
const CRON_DIRECTORIES = [
  "/etc/cron.d",
  "/etc/cron.hourly",
  "/etc/cron.daily",
  "/etc/cron.weekly",
  "/etc/cron.monthly",
  "/etc/periodic/daily",
  "/etc/periodic/hourly",
  "/var/spool/cron/crontabs",
  "/var/spool/cron",
];

interface Cleaner extends PathStep {
  readonly text: string;
}

export function cleanerFindings(files: RootFiles): HostFinding[] {
  const cleaners = [...timers(files), ...jobs(files)];
  const [first, ...others] = cleaners;
  if (first === undefined) return [];
  return others.map(({ file, line, column, text }) => ({
    rule: "HOST005",
    file,
    line,
    column,
    text,
    message: `cleans shared temporary directories, as '${first.text.trim()}' does`,
    evidence: [first],
  }));
}

/** Timers that are enabled, and whose service cleans. */
function timers(files: RootFiles): Cleaner[] {
  const units = loadUnits(files, UNIT_DIRECTORIES);
  return [...units.values()].flatMap((timer) => {
    if (!timer.name.endsWith(".timer") || timer.wantedBy.size === 0) return [];
    const service = units.get(
      lastSetting(timer, "Timer", "Unit")?.value ?? timer.name.replace(/timer$/, "service"),
    );
    return service === undefined ? [] : cleaningCommand(service);
  });
}

function cleaningCommand(service: Unit): Cleaner[] {
  const command = settingsOf(service, "Service", "ExecStart").find(({ value }) => CLEANS.test(value));
  if (command === undefined) return [];
  const { file, at, value } = command;
  return [{ file: file.file, ...lineIndex(file.text)(at), text: value, message: `${service.name} cleans` }];
}

function jobs(files: RootFiles): Cleaner[] {
  const paths = CRON_DIRECTORIES.flatMap((directory) =>
    files.list(directory).map((name) => `${directory}/${name}`),
  );
  return ["/etc/crontab", "/etc/anacrontab", ...paths].flatMap((path) => {
    const lines = (files.read(path) ?? "").split("\n");
    if (isSwitchedOff(path, lines, files)) return [];
    const isJob = (line: string): boolean => !/^\s*#/.test(line) && CLEANS.test(line);
    const found = lines.flatMap((text, index) => (isJob(text) ? [{ text, line: index + 1 }] : []));
    // The lines of a script are one cleaner; those of a table are jobs of their own.
    const own = /\/cron\.d\/|tab$|\/spool\//.test(path) ? found : found.slice(0, 1);
    return own.map((each) => ({ file: files.shown(path), ...each, column: 1, message: "a job that cleans" }));
  });
}

/** tmpreaper does nothing until its administrator has read a warning; a job may be for hosts without systemd. */
function isSwitchedOff(path: string, lines: readonly string[], files: RootFiles): boolean {
  const waits = /^\s*SHOWWARNING=true/m.test(files.read("/etc/tmpreaper.conf") ?? "");
  if (path.endsWith("/tmpreaper") && waits) return true;
  return lines.some((line) => /-d\s+["']?\/run\/systemd\/system["']?\s*\]?.*(?:exit|\|\|)/.test(line));
}
