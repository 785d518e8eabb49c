/** The services for OpenRC, openrc-run(8): set-up in the boot runlevel, and `mayfly serve` in the default one. */
import { type Bytes, join } from "../base/bytes.js";
import { shellQuoted } from "../base/shell-quote.js";
import { stateAt } from "./place.js";
import type { Host, InstallPlan, Program, Wanted } from "./plan.js";

const HEADER = `#!/sbin/openrc-run
# Made by 'mayfly install'. 'mayfly uninstall' removes it.
`;
const SCRIPT_MODE = 0o755;
const LOG = "/var/log/mayfly.log" as Bytes;
/** Services of other packages that apply tmpfiles.d(5) at boot. */
const OTHER_SETUPS = ["opentmpfiles-setup", "systemd-tmpfiles-setup", "tmpfiles-setup"] as const;

export function openrcPlan(host: Host, program: Program): InstallPlan {
  const hasSetup = OTHER_SETUPS.some((name) => stateAt(host.root, initScript(name)).kind !== "absent");
  const wanted = [
    ...(hasSetup ? [] : service("mayfly-setup", "boot", setup(program))),
    ...service("mayfly", "default", daemon(program)),
  ];
  return { wanted, data: [LOG] };
}

const initScript = (name: string): Bytes => join("/etc/init.d" as Bytes, name as Bytes);

/** A service is enabled as by rc-update(8): by a symlink in the directory of its runlevel. */
function service(name: string, runlevel: string, content: Bytes): Wanted[] {
  const path = initScript(name);
  const link = `/etc/runlevels/${runlevel}/${name}` as Bytes;
  return [
    { kind: "file", path, mode: SCRIPT_MODE, content },
    { kind: "symlink", path: link, target: path },
  ];
}

/** After bootmisc, which may empty /tmp. Statuses 65 and 73 are reported, and are no reason not to start other services. */
function setup({ node, script }: Program): Bytes {
  return `${HEADER}description="Create files and directories at boot"

depend() {
	provide tmpfiles-setup
	use localmount
	after bootmisc
}

start() {
	ebegin "Creating what tmpfiles.d configures"
	${shellQuoted(node)} ${shellQuoted(script)} tmpfiles --create --remove --boot --exclude-prefix=/dev
	case $? in 0|65|73) eend 0 ;; *) eend 1 ;; esac
}
` as Bytes;
}

/** openrc-run evaluates the command and its arguments once more, so their quotes are quoted. */
function daemon({ node, script }: Program): Bytes {
  const twice = (words: string): string => shellQuoted(words as Bytes);
  return `${HEADER}description="Clean temporary files by age, after boot and daily"
supervisor=supervise-daemon
command=${twice(shellQuoted(node))}
command_args=${twice(`${shellQuoted(script)} serve --at-start=none`)}
pidfile="/run/\${RC_SVCNAME}.pid"
output_log=${LOG}
error_log=${LOG}
extra_started_commands="reload"

depend() {
	use localmount
	after bootmisc tmpfiles-setup ntp-client
}

reload() {
	ebegin "Reading the configuration again"
	supervise-daemon "\${RC_SVCNAME}" --signal HUP --pidfile "$pidfile"
	eend $?
}
` as Bytes;
}
