/** mayfly watch: who creates and removes what, as it happens. */
import { toBuffer, toText } from "../../base/bytes.js";
import { EventCoalescer, type Watch, watch as watched } from "../../inspect/index.js";
import { colors } from "../colors.js";
import { counted } from "../format.js";
import { type CommandResults, EventCommand } from "../inspect/on-event.js";
import { inspection } from "../inspect/options.js";
import { PatientOutput } from "../inspect/patient-output.js";
import { endJson, readyJson, watchJson } from "../inspect/watch-json.js";
import { abilitiesText, groupText, WatchSummary } from "../inspect/watch-text.js";
import { defineCommand, UsageError } from "../options.js";

const TICK_MS = 100;
/** How long, after a signal, the watch waits for a reader that takes nothing. */
const GRACE_MS = 2_000;

export const watch = defineCommand({
  name: "watch",
  synopsis: "[OPTION]... PATH...",
  description: `Report live what happens at or below each PATH, and which process does it: creation, removal, renaming,
replacement, mounts and unmounts. If a cleaner removes something, the line of tmpfiles.d that decided is reported, and
the timestamp that let it. As root, processes are identified even if they run for a millisecond; without root, events are
reported without a process. A PATH that does not exist is reported once it is created. SIGINT or SIGTERM ends the watch.`,
  operands: "directory",
  options: [
    { name: "json", help: "Print one JSON object per line, as it happens" },
    {
      name: "exec",
      value: "COMMAND",
      help: "Run this shell command for each event, with the event as JSON on its standard input",
    },
    { name: "since-start", help: "Print a summary per process at exit" },
    { name: "deletions", help: "Report only removals" },
    { short: "v", name: "verbose", help: "Say where removals are learnt from" },
  ],
  examples: [
    ["mayfly watch /var/tmp/build", "Find out who removes files there"],
    ["mayfly watch --deletions --json /srv | jq -r .actor.exe", "List every program that removes something"],
    [
      "mayfly watch --exec 'logger -t mayfly \"$MAYFLY_OP $MAYFLY_PATH\"' /etc/app",
      "Log each event to the journal",
    ],
  ],
  sections: [
    {
      title: "How processes are named",
      text: `**bpf**: a recorder in the kernel noted the process when it started. **exec-event**: the kernel reported what was
executed. **proc**: /proc showed it while the process lived. **gone**: it had exited already. **outside**: it is in another
PID namespace. **unknown**: without root, events carry no PID. Events are read some milliseconds late and carry no time: a
process that executes another program meanwhile is identified as the later one, as when a shell creates the file of
\`program > file\`.`,
    },
    {
      title: "JSON",
      text: `With **--json** each line is an object with a *type*. *ready* comes first, once the watch is listening: *events*,
*naming*, *removals* (tracepoint, fanotify or inotify), *directories*, *missing* and *notices*. Each *event* has *time* (when
it was read, some milliseconds after it happened, in UTC), *op* (create, delete, rename, replace, exchange, mount, unmount,
folded or lost), *path*, *actor* (*pid*, *exe*, *cmdline*, *user*, *unit*, *container*, *via*), *victim* (what was last known of
it: *kind*, *size* and its times) and, if a cleaner did it, *source* (*file*, *line*, *text*), *decisive* and *advice*, or
*sourceUnknown*, the reason why the line is not known. Invalid lines of the configuration are of the type *diagnostic*. The
last line is the *end*: how many events were *folded*, *lost* and *unwritten*.`,
    },
    {
      title: "Floods",
      text: `If events come faster than they are read, they are folded: one event of the *op* **folded** stands for what one
process did in one directory, with the *op* and the *count* in *folded*. If the kernel loses events, an event of the *op* **lost**
says so. After a signal, a reader of standard output that takes nothing is waited for two seconds; the exit status is then 1.`,
    },
    {
      title: "Environment of --exec",
      text: `**MAYFLY_OP**, **MAYFLY_PATH**, **MAYFLY_TO** (of a rename or an exchange), **MAYFLY_PID**, **MAYFLY_EXE** and
**MAYFLY_UNIT**, byte for byte; standard input is the event as JSON. The event is never part of the command's text: quote the
variables in it, since others choose the names. Commands run one after the other; if more than 1,000 are waiting, events are
skipped. How many were skipped, and how many commands failed, is reported at the end.`,
    },
  ],
  async main({ options, operands, stdout, stderr }) {
    if (operands.length === 0) throw new UsageError("missing PATH");
    if (operands.includes("" as never)) throw new UsageError("a path must not be empty");
    const colorize = colors(stdout);
    const command = options.exec === undefined ? undefined : new EventCommand(toText(options.exec));
    const say = (text: string): void => {
      stderr.write(text);
      stderr.flush();
    };
    const { onDiagnostic } = inspection({ ...options, config: [], user: false }, { stdout, stderr }).settings;
    const watching = watched(operands.map(toBuffer), {
      onNotice: (notice) => say(`${notice}\n`),
      onDiagnostic,
    });
    const output = new PatientOutput(stdout);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(watching, output));
    const abilities = await watching.ready;
    if (options.json) output.write(`${readyJson(abilities)}\n`);
    await output.drain();
    say(abilitiesText(abilities, options.verbose));
    const summary = new WatchSummary();
    const folder = new EventCoalescer((group) => output.write(groupText(group, colorize)));
    const tick = setInterval(() => {
      folder.tick();
      void output.drain();
    }, TICK_MS);
    const left = { unwritten: 0, folded: 0, lost: 0 };
    for await (const event of watching) {
      left.folded += event.folded?.count ?? 0;
      left.lost += event.op === "lost" ? (event.count ?? 1) : 0;
      if (options.deletions && !TAKES_AWAY.has(event.folded?.op ?? event.op)) continue;
      if (output.gaveUp) {
        left.unwritten += event.folded?.count ?? 1;
        continue;
      }
      summary.add(event);
      command?.push(event);
      if (options.json) output.write(`${watchJson(event)}\n`);
      else folder.push(event);
      await output.makeRoom();
    }
    clearInterval(tick);
    folder.flush();
    if (options.json) output.write(`${endJson(left)}\n`);
    await output.drain();
    if (command !== undefined) say(resultsText(await command.finish()));
    if (output.gaveUp) {
      say(
        `standard output was not read: ${counted(left.unwritten, "event")} and those before were not written\n`,
      );
      return 1;
    }
    if (options["since-start"]) (options.json ? stderr : stdout).write(summary.text());
    return 0;
  },
});

function end(watching: Watch, output: PatientOutput): void {
  watching.close();
  output.endWithin(GRACE_MS);
}

function resultsText({ dropped, failed, failure }: CommandResults): string {
  const left = dropped === 0 ? "" : `${counted(dropped, "event")} had no command run\n`;
  if (failed === 0) return left;
  return `${left}${counted(failed, "command")} failed, the last one ${failure}\n`;
}

const TAKES_AWAY: ReadonlySet<string> = new Set(["delete", "replace", "rename", "mount", "unmount", "lost"]);
