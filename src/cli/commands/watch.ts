import { toBuffer, toText } from "../../base/bytes.js";
import { Folder, watch as watched } from "../../inspect/index.js";
import { type CommandResults, EventCommand } from "../inspect/on-event.js";
import { watchJson } from "../inspect/watch-json.js";
import { abilitiesText, blockText, Summary } from "../inspect/watch-text.js";
import { defineCommand, UsageError } from "../options.js";
import { painter } from "../style.js";
import { counted } from "../words.js";

const TICK_MS = 100;

export const watch = defineCommand({
  name: "watch",
  synopsis: "[OPTION]... PATH...",
  description: `Tells live what happens at or below each PATH, and which process does it: creation, removal, renaming,
replacement, mounts and unmounts. Where a cleaner removes something, it tells the line of tmpfiles.d that made it do so, and
the timestamp that let it. As root it names a process even if it lived but a millisecond; without root it tells what
happens, but can't name anybody. It ends at SIGINT or SIGTERM.`,
  operands: "directory",
  options: [
    { name: "json", help: "Print an object a line, for programs, as it happens" },
    { name: "exec", value: "COMMAND", help: "Run this shell command at each event, which it reads as JSON" },
    { name: "since-start", help: "At the end, sum up who did what how often" },
    { name: "deletions", help: "Tell only what takes a path away" },
  ],
  examples: [
    ["mayfly watch /var/tmp/build", "Who removes it?"],
    ["mayfly watch --deletions --json /srv | jq -r .actor.exe", "Every program that removes something"],
    ["mayfly watch --exec 'logger -t mayfly \"$MAYFLY_OP $MAYFLY_PATH\"' /etc/app", "Tell the journal"],
  ],
  sections: [
    {
      title: "How processes are named",
      text: `**bpf**: a recorder in the kernel wrote the process down when it started. **exec-event**: the kernel told what was
executed. **proc**: /proc said so while the process lived. **gone**: it was gone before. **outside**: it is in another pid
namespace. **unknown**: without root events bear no process. Events are read some milliseconds late and bear no time: a
process that executes another program meanwhile is named by the later one, as when a shell makes the file of \`program > file\`.`,
    },
    {
      title: "JSON",
      text: `With **--json** each event is one line: *time* (when it was read, some milliseconds after it happened), *op*
(create, delete, rename, replace, exchange, mount, unmount or lost), *path*, *actor* (*pid*, *exe*, *cmdline*, *user*, *unit*,
*container*, *via*), *victim* (what was last known of it: *kind*, *size* and its times) and, where a cleaner did it, *source*
(*file*, *line*, *text*), *decisive* and *advice*.`,
    },
    {
      title: "Environment of --exec",
      text: `**MAYFLY_OP**, **MAYFLY_PATH**, **MAYFLY_TO** (of a rename or an exchange), **MAYFLY_PID**, **MAYFLY_EXE** and
**MAYFLY_UNIT**, byte for byte; standard input is the event as JSON. The event is never part of the command's text: quote the
variables in it, since names are others' choice. Commands run one after the other; where more than 1,000 wait, events are
left out. How many were left out, and how many commands failed, is said at the end.`,
    },
  ],
  async main({ options, operands, stdout, stderr }) {
    if (operands.length === 0) throw new UsageError("a path is needed");
    const paint = painter(stdout);
    const command = options.exec === undefined ? undefined : new EventCommand(toText(options.exec));
    const say = (text: string): void => {
      stderr.write(text);
      stderr.flush();
    };
    const watching = watched(operands.map(toBuffer), { onNotice: (notice) => say(`${notice}\n`) });
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => watching.close());
    say(abilitiesText(await watching.ready));
    const summary = new Summary();
    const folder = new Folder((block) => stdout.write(blockText(block, paint)));
    const tick = setInterval(() => {
      folder.tick();
      stdout.flush();
    }, TICK_MS);
    for await (const event of watching) {
      if (options.deletions && !TAKES_AWAY.has(event.op)) continue;
      summary.add(event);
      command?.push(event);
      if (options.json) stdout.write(`${watchJson(event)}\n`);
      else folder.push(event);
    }
    clearInterval(tick);
    folder.flush();
    stdout.flush();
    if (command !== undefined) say(resultsText(await command.finish()));
    if (options["since-start"]) (options.json ? stderr : stdout).write(summary.text());
    return 0;
  },
});

function resultsText({ dropped, failed, failure }: CommandResults): string {
  const left = dropped === 0 ? "" : `${counted(dropped, "event", "events")} had no command run\n`;
  if (failed === 0) return left;
  return `${left}${counted(failed, "command", "commands")} failed, the last one ${failure}\n`;
}

const TAKES_AWAY: ReadonlySet<string> = new Set(["delete", "replace", "rename", "mount", "unmount", "lost"]);
