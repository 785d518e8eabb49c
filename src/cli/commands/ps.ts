/** mayfly ps: lists the private /tmps on the host. */
import { escapeForDisplay } from "../../base/bytes.js";
import { utcTime } from "../../base/time.js";
import { listSync, type PrivateTmp } from "../../private-tmp/index.js";
import { userName } from "../../sys/accounts.js";
import { systemClock } from "../../sys/clock.js";
import { colors } from "../colors.js";
import { requireNoOperands } from "../command-line.js";
import { ageText, size } from "../format.js";
import { defineCommand } from "../options.js";
import { tableText } from "../tabular.js";
import { line as jsonLine } from "../verbs/json.js";

export const ps = defineCommand({
  name: "ps",
  synopsis: "[OPTION]...",
  description:
    "Lists every private /tmp and /var/tmp on the host: those of mayfly run, and those of systemd units with PrivateTmp=. It reads the mounts of all processes and the existing directories; no record is kept that could be out of date. Ordinary users see their own, and those that their processes use.\n\nAnyone can choose any NAME. OWNER is verified: it is the owner of the directory, or the user who controls the mounts.",
  operands: "none",
  options: [{ name: "json", help: "Print one JSON object per line" }],
  sections: [
    {
      title: "States",
      text: "**in-use**: a process sees it or holds its lock.\n\n**stale**: no process does; mayfly reap removes it.\n\n**old-boot**: it dates from before the last boot.\n\n**unknown**: the directory, or a process that may use it, cannot be inspected.",
    },
  ],
  async main({ options, operands, stdout }) {
    requireNoOperands(operands);
    const all = listSync();
    if (options.json) for (const each of all) stdout.write(`${jsonLine(plain(each))}\n`);
    else stdout.write(tableText(HEADINGS, all.map(row), colors(stdout)));
    return 0;
  },
});

const HEADINGS = ["NAME", "OWNER", "TARGET", "MODE", "STATE", "PIDS", "SIZE", "AGE", "OPTIONS", "PATH"];
const MAX_PIDS = 4;

function row(each: PrivateTmp): string[] {
  return [
    nameOf(each),
    each.owner === undefined ? "-" : escapeForDisplay(userName(each.owner)),
    each.target,
    each.mode,
    each.state,
    pidsOf(each),
    each.size === undefined ? "-" : size(each.size),
    each.created === undefined ? "-" : ageText(systemClock.now() - each.created),
    each.options.join(",") || "-",
    each.hostPath ?? each.view ?? "-",
  ];
}

/** Its name, and the names of units that joined it. */
function nameOf({ name, units }: PrivateTmp): string {
  const others = units.filter((unit) => unit !== name);
  return [...(name === undefined ? [] : [name]), ...others].join("+") || "-";
}

function pidsOf({ processes }: PrivateTmp): string {
  const pids = processes.slice(0, MAX_PIDS).map(({ pid }) => pid);
  return `${pids.join(",")}${processes.length > MAX_PIDS ? `+${processes.length - MAX_PIDS}` : ""}` || "-";
}

/** JSON has no 64-bit integers; numbers are exact enough for bytes and seconds. */
function plain({ size, created, ...rest }: PrivateTmp): object {
  return {
    type: "private-tmp",
    ...rest,
    owner: rest.owner ?? null,
    name: rest.name ?? null,
    maker: rest.maker ?? null,
    hostPath: rest.hostPath ?? null,
    view: rest.view ?? null,
    size: size === undefined ? null : Number(size),
    created: created === undefined ? null : utcTime(created),
    age: created === undefined ? null : Number((systemClock.now() - created) / 1_000_000n) / 1000,
    processes: rest.processes.map((process) => ({ ...process, unit: process.unit ?? null })),
  };
}
