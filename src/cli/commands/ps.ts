/** mayfly ps: every private /tmp on the host. */
import { escapeForDisplay } from "../../base/bytes.js";
import { utcTime } from "../../base/time.js";
import { list, type PrivateTmp } from "../../private-tmp/index.js";
import { userName } from "../../sys/accounts.js";
import { systemClock } from "../../sys/clock.js";
import { colors } from "../colors.js";
import { ageText, size } from "../format.js";
import { defineCommand } from "../options.js";
import { tableText } from "../tabular.js";
import { line as jsonLine } from "../verbs/json.js";

export const ps = defineCommand({
  name: "ps",
  synopsis: "[OPTION]...",
  description:
    "Lists every private /tmp and /var/tmp on the host: those of mayfly run and those that systemd gives to units with PrivateTmp=. It reads the mounts of all processes and the directories that exist; there is no record that could be wrong. An ordinary user sees their own, and what their own processes use.\n\nAnybody can choose a name. OWNER is proven: the owner of the directory, or the user who controls the mounts.",
  operands: "none",
  options: [{ name: "json", help: "Print a JSON object per line, with all that is known" }],
  sections: [
    {
      title: "States",
      text: "**in-use**: a process sees it or holds its lock.\n\n**stale**: no process does; mayfly reap removes it.\n\n**old-boot**: left over from before the last boot.\n\n**unknown**: the directory, or a process that may be using it, can't be inspected.",
    },
  ],
  async main({ options, stdout }) {
    const all = await list();
    if (options.json) for (const each of all) stdout.write(`${jsonLine(plain(each))}\n`);
    else stdout.write(tableText(HEADINGS, all.map(row), colors(stdout)));
    return 0;
  },
});

const HEADINGS = ["NAME", "OWNER", "TARGET", "MODE", "STATE", "PIDS", "SIZE", "AGE", "OPTIONS", "PATH"];
const MOST_PIDS = 4;

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

/** The unit's name where a unit has it, also that of a unit that joined another's. */
function nameOf({ name, units }: PrivateTmp): string {
  const others = units.filter((unit) => unit !== name);
  return [...(name === undefined ? [] : [name]), ...others].join("+") || "-";
}

function pidsOf({ processes }: PrivateTmp): string {
  const pids = processes.slice(0, MOST_PIDS).map(({ pid }) => pid);
  return `${pids.join(",")}${processes.length > MOST_PIDS ? `+${processes.length - MOST_PIDS}` : ""}` || "-";
}

/** For JSON, which has no 64-bit numbers: bytes and seconds are exact enough as numbers. */
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
