/** mayfly watch: reports who creates and removes what, as it happens. */
import { toBuffer, toText } from "../../base/bytes.js";
import { EventCoalescer, type Watch, type WatchEvent, watch as watched } from "../../inspect/index.js";
import { colors } from "../colors.js";
import { counted } from "../format.js";
import { type CommandResults, EventCommand } from "../inspect/on-event.js";
import { inspection } from "../inspect/options.js";
import { PatientOutput } from "../inspect/patient-output.js";
import { endJson, readyJson, watchJson } from "../inspect/watch-json.js";
import { abilitiesText, groupText, WatchSummary } from "../inspect/watch-text.js";
import { defineCommand, UsageError } from "../options.js";

const TICK_MS = 100;
/** How long, after a signal, the watch waits for a blocked reader of standard output. */
const GRACE_MS = 2_000;

export const watch = defineCommand({
  name: "watch",
  synopsis: "[OPTION]... PATH...",
  description: `Reports what happens at or below each PATH, as it happens, and which process does it: creation, removal,
renaming, replacement, mounts and unmounts. If a cleaner removes something, the report includes the line of tmpfiles.d and
the timestamp that decided. As root, it identifies processes even if they run for only a millisecond; without root, events
have no process. If a PATH does not exist, it is watched from its creation on. SIGINT or SIGTERM ends the watch.`,
  operands: "directory",
  options: [
    { name: "json", help: "Print one JSON object per line" },
    {
      name: "exec",
      value: "COMMAND",
      help: "Run this shell command for each event, with the event as JSON on its standard input",
    },
    { name: "since-start", help: "Print a summary per process at exit" },
    { name: "deletions", help: "Report only removals" },
    { short: "v", name: "verbose", help: "Also show which kernel interface reports removals" },
  ],
  examples: [
    ["mayfly watch /var/tmp/build", "Find out who removes files there"],
    [
      "mayfly watch --deletions --json /srv | jq --unbuffered -r .actor.exe",
      "List the programs that remove something",
    ],
    [
      "mayfly watch --exec 'logger -t mayfly \"$MAYFLY_OP $MAYFLY_PATH\"' /etc/app",
      "Log each event to the journal",
    ],
  ],
  sections: [
    {
      title: "How processes are named",
      text: `**bpf**: an eBPF program recorded the process when it started. **exec-event**: the kernel reported which program
it executed. **proc**: it was read from /proc while the process was running. **gone**: the process had already exited.
**outside**: the process is in another PID namespace. **unknown**: without root, events carry no PID. Events are read a few
milliseconds late and carry no time. A process that has executed another program since is identified as that program:
for example, a shell that creates the file of \`program > file\`.`,
    },
    {
      title: "JSON",
      text: `With **--json** each line is an object with a *type*. *ready* comes first, when the watch has started: *events*,
*naming*, *removals* (tracepoint, fanotify or inotify), *directories*, *missing* and *notices*. Each *event* has *time* (when
it was read, a few milliseconds after it happened, in UTC), *op* (create, delete, rename, replace, exchange, mount, unmount,
folded or lost), *path*, *actor* (*pid*, *exe*, *cmdline*, *user*, *unit*, *container*, *via*), *victim* (the last known
*kind*, *size* and timestamps) and, if a cleaner did it, *source* (*file*, *line*, *text*), *decisive* and *advice*, or
*sourceUnknown*, the reason why the line is unknown. Invalid lines of the configuration have the type *diagnostic*. The
last line is the *end*: how many events were *folded*, *lost* and *unwritten*.`,
    },
    {
      title: "Floods",
      text: `If events arrive faster than they are read, they are combined: one event with the *op* **folded** stands for all
events of one process in one directory, with their *op* and *count* in *folded*. If the kernel drops events, an event with
the *op* **lost** reports it. After a signal, the watch writes what is left, and exits with status 1 if nothing reads standard
output for two seconds.`,
    },
    {
      title: "Environment of --exec",
      text: `**MAYFLY_OP**, **MAYFLY_PATH**, **MAYFLY_TO** (of a rename or an exchange), **MAYFLY_PID**, **MAYFLY_EXE** and
**MAYFLY_UNIT**, byte for byte; standard input is the event as JSON. Quote the variables in COMMAND, since other users can
choose file names; the event is never inserted into COMMAND itself. Commands run one after the other; if more than 1,000
are waiting, further events are skipped. The number of skipped events and failed commands is reported at the end.`,
    },
  ],
  async main({ options, operands, stdout, stderr }) {
    if (operands.length === 0) throw new UsageError("missing PATH");
    if (operands.includes("" as never)) throw new UsageError("PATH must not be empty");
    const colorize = colors(stdout);
    const command = options.exec === undefined ? undefined : new EventCommand(toText(options.exec));
    const print = (text: string): void => {
      stderr.write(text);
      stderr.flush();
    };
    const { onDiagnostic } = inspection({ ...options, config: [], user: false }, { stdout, stderr }).settings;
    const watching = watched(operands.map(toBuffer), {
      onNotice: (notice) => print(`${notice}\n`),
      onDiagnostic,
    });
    const output = new PatientOutput(stdout);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(watching, output));
    const abilities = await watching.ready;
    if (options.json) output.write(`${readyJson(abilities)}\n`);
    await output.drain();
    print(abilitiesText(abilities, options.verbose));
    const summary = new WatchSummary();
    const coalescer = new EventCoalescer((group) => output.write(groupText(group, colorize)));
    const tick = setInterval(() => {
      coalescer.tick();
      void output.drain();
    }, TICK_MS);
    const left = await reportEvents(watching, output, options.deletions, (event) => {
      summary.add(event);
      command?.push(event);
      if (options.json) output.write(`${watchJson(event)}\n`);
      else coalescer.push(event);
    });
    clearInterval(tick);
    coalescer.flush();
    if (options.json) output.write(`${endJson(left)}\n`);
    await output.drain();
    if (command !== undefined) print(resultsText(await command.finish()));
    if (output.gaveUp) {
      print(
        `standard output is blocked: ${counted(left.unwritten, "event")} and those still buffered were not written\n`,
      );
      return 1;
    }
    if (options["since-start"]) (options.json ? stderr : stdout).write(summary.text());
    return 0;
  },
});

/** Calls `report` for each event until the watch ends, and counts those that are not reported one by one. */
async function reportEvents(
  watching: Watch,
  output: PatientOutput,
  onlyDeletions: boolean,
  report: (event: WatchEvent) => void,
) {
  const left = { unwritten: 0, folded: 0, lost: 0 };
  for await (const event of watching) {
    left.folded += event.folded?.count ?? 0;
    left.lost += event.op === "lost" ? (event.count ?? 1) : 0;
    if (onlyDeletions && !TAKES_AWAY.has(event.folded?.op ?? event.op)) continue;
    if (output.gaveUp) {
      left.unwritten += event.folded?.count ?? 1;
      continue;
    }
    report(event);
    await output.makeRoom();
  }
  return left;
}

function end(watching: Watch, output: PatientOutput): void {
  watching.close();
  output.endWithin(GRACE_MS);
}

function resultsText({ dropped, failed, failure }: CommandResults): string {
  const left =
    dropped === 0 ? "" : `skipped the command for ${counted(dropped, "event")}: too many were waiting\n`;
  if (failed === 0) return left;
  return `${left}${counted(failed, "command")} failed, the last one ${failure}\n`;
}

const TAKES_AWAY: ReadonlySet<string> = new Set(["delete", "replace", "rename", "mount", "unmount", "lost"]);
