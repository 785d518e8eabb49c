/** The jobs for cron(8) and anacron(8): set-up at boot, and cleaning after boot and daily. */
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { shellQuoted } from "../base/shell-quote.js";
import type { Program, Wanted } from "./plan.js";

const HEADER = "# Made by 'mayfly install'. 'mayfly uninstall' removes it.\n";
/** cron ignores a table that others than root can write to, and run-parts(8) a script that cannot be executed. */
const TABLE_MODE = 0o644;
const SCRIPT_MODE = 0o755;

/** One run at a time. It prints nothing unless there is a problem, since cron mails what a job prints. */
const LOCK = "flock /run/mayfly-clean.lock";
const CLEAN = "clean --quiet";

export function cronPlan(program: Program): Wanted[] {
  const mayfly = shellCommand(program);
  return [
    { kind: "file", path: "/etc/cron.d/mayfly" as Bytes, mode: TABLE_MODE, content: table(program, mayfly) },
    {
      kind: "file",
      path: "/etc/cron.daily/mayfly" as Bytes,
      mode: SCRIPT_MODE,
      content: `#!/bin/sh\n${HEADER}exec ${LOCK} ${mayfly} ${CLEAN}\n` as Bytes,
    },
  ];
}

function shellCommand({ node, script }: Program): string {
  return `${shellQuoted(node)} ${shellQuoted(script)}`;
}

/**
 * Lines marked with ! are left out at @reboot: services run by then, and some crons run such jobs whenever they start.
 * crontab(5) ends the command at the first unescaped percent sign, and knows no continuation lines.
 */
function table({ node, script }: Program, mayfly: string): Bytes {
  const word = mayfly.replaceAll("%", "\\%");
  if (/\n/.test(node + script))
    throw new Error(`${escapeForDisplay(script)}: crontab(5) cannot name this path`);
  return `${HEADER}SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

@reboot root ${word} create --exclude-prefix=/dev --quiet
@reboot root sleep 900; exec ${LOCK} ${word} ${CLEAN}
` as Bytes;
}
