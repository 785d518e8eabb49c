/** The units for systemd: set-up at boot, and cleaning by a timer. */
import { type Bytes, bytes, join } from "../base/bytes.js";
import { ABSENT } from "./inode-state.js";
import { stateAt } from "./place.js";
import type { Choice, Host, Program, Wanted } from "./plan.js";
import { commandWord, unitWord } from "./unit-syntax.js";

const HEADER =
  "# Made by 'mayfly install'. 'mayfly uninstall' removes it; 'mayfly install --refresh' rewrites it.\n";
const UNIT_MODE = 0o644;
const SERVE_UNIT = "mayfly-serve.service";

/**
 * What the units that clean give up, systemd.exec(5). docs/install.md says what each directive that is left out would break:
 * PrivateTmp=, PrivateNetwork=, ProtectProc=, ProcSubset=pid, PrivateUsers=, DynamicUser=.
 */
const HARDENING = `CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER
NoNewPrivileges=yes
ProtectHome=read-only
PrivateDevices=yes
PrivateMounts=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
# With --jitless, Node needs no memory that is writable and executable.
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @clock @mount @swap @reboot @obsolete @debug
SystemCallFilter=chown fchown fchownat
IPAddressDeny=any
KeyringMode=private
UMask=0077
TasksMax=64
`;

function command({ node, script }: Program, flags: readonly string[], args: string): string {
  return [commandWord(node), ...flags, commandWord(script), args].join(" ");
}

/** Only what the configuration ages can be written to. */
function sandbox(paths: readonly Bytes[]): string {
  const writable = paths.map((path) => `ReadWritePaths=${unitWord(`-${path}`)}\n`).join("");
  return `ProtectSystem=strict
# The directories that the configuration ages.
${writable}${HARDENING}`;
}

/** The cleaning unit of the system. `paths` are what it may change. */
function cleanUnit(program: Program, paths: readonly Bytes[]): Bytes {
  return `${HEADER}[Unit]
Description=Clean temporary files by age
Documentation=https://github.com/mayfly-tmp/mayfly#readme
DefaultDependencies=no
After=local-fs.target time-set.target systemd-tmpfiles-setup.service mayfly-setup.service
Before=shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=${command(program, ["--jitless"], "clean")}
SuccessExitStatus=65
IOSchedulingClass=idle
CacheDirectory=mayfly
${sandbox(paths)}` as Bytes;
}

/** The long-running process instead of the cleaning unit and its timer. Set-up at boot is in the units for it. */
function serveUnit(host: Host, program: Program, paths: readonly Bytes[]): Bytes {
  const [flags, args] = host.user ? [[], "serve --user"] : [["--jitless"], "serve --at-start=none"];
  const order = "After=local-fs.target time-set.target systemd-tmpfiles-setup.service mayfly-setup.service\n";
  const limits = `StateDirectory=mayfly
CacheDirectory=mayfly
${sandbox(paths)}`;
  return `${HEADER}[Unit]
Description=Clean temporary files by age, on schedule
Documentation=https://github.com/mayfly-tmp/mayfly#readme
${host.user ? "" : order}
[Service]
Type=notify
ExecStart=${command(program, flags, args)}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1min
WatchdogSec=1min
IOSchedulingClass=idle
${host.user ? "NoNewPrivileges=yes\nUMask=0077\n" : limits}` as Bytes;
}

/** Without the sandbox of the system's unit: a user's service manager may not set up all of it. */
function userCleanUnit(program: Program): Bytes {
  return `${HEADER}[Unit]
Description=Clean the user's temporary files by age
Documentation=https://github.com/mayfly-tmp/mayfly#readme

[Service]
Type=oneshot
ExecStart=${command(program, [], "clean --user")}
SuccessExitStatus=65
IOSchedulingClass=idle
NoNewPrivileges=yes
UMask=0077
` as Bytes;
}

/** Set-up at boot, as systemd's own units do it: removal and creation in one run, and /dev before udev. */
function setupUnit(program: Program, order: string, args: string): Bytes {
  return `${HEADER}[Unit]
Description=Create files and directories at boot
Documentation=https://github.com/mayfly-tmp/mayfly#readme
${order}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${command(program, [], `tmpfiles ${args}`)}
SuccessExitStatus=65 73
` as Bytes;
}

const EARLY = `DefaultDependencies=no
Conflicts=shutdown.target
RefuseManualStop=yes
`;

const SETUP = {
  order: `${EARLY}After=local-fs.target systemd-sysusers.service systemd-journald.service
Before=sysinit.target shutdown.target
`,
  args: "--create --remove --boot --exclude-prefix=/dev",
};
const SETUP_DEV = {
  order: `${EARLY}After=systemd-sysusers.service systemd-journald.service
Before=sysinit.target local-fs-pre.target systemd-udevd.service shutdown.target
`,
  args: "--create --boot --graceful --prefix=/dev",
};
const SETUP_USER = { order: "", args: "--user --create --remove --boot" };

/** After boot as systemd's own timer, and each day, also if the host was suspended. */
const TIMER = `${HEADER}[Unit]
Description=Clean temporary files by age, after boot and daily
Documentation=https://github.com/mayfly-tmp/mayfly#readme

[Timer]
OnBootSec=15min
OnCalendar=daily
` as Bytes;

/** All files of the installation. A unit is enabled as by systemctl(1): by a symlink in the directory of what wants it. */
export function systemdPlan(host: Host, { program, serve }: Choice, paths: readonly Bytes[]): Wanted[] {
  const folder = unitDirectory(host);
  const unit = (name: string, content: Bytes): Wanted => {
    return { kind: "file", path: join(folder, name as Bytes), mode: UNIT_MODE, content };
  };
  const enabled = (target: string, name: string): Wanted => {
    const path = join(folder, `${target}.wants/${name}` as Bytes);
    return { kind: "symlink", path, target: `../${name}` as Bytes };
  };
  const setup = (name: string, target: string, { order, args }: typeof SETUP): Wanted[] => {
    if (hasUnit(host, `systemd-tmpfiles-${name}.service`)) return [];
    const own = `mayfly-${name}.service`;
    return [unit(own, setupUnit(program, order, args)), enabled(target, own)];
  };
  const cleaning = (): Wanted[] => [
    unit("mayfly-clean.service", host.user ? userCleanUnit(program) : cleanUnit(program, paths)),
    unit("mayfly-clean.timer", TIMER),
    enabled("timers.target", "mayfly-clean.timer"),
  ];
  const serving = (): Wanted[] => [
    unit(SERVE_UNIT, serveUnit(host, program, paths)),
    enabled(host.user ? "default.target" : "multi-user.target", SERVE_UNIT),
  ];
  return [
    ...(serve ? serving() : cleaning()),
    ...(host.user ? setup("setup", "basic.target", SETUP_USER) : setup("setup", "sysinit.target", SETUP)),
    ...(host.user ? [] : setup("setup-dev", "sysinit.target", SETUP_DEV)),
  ];
}

/** Where the administrator's units are, or the user's. */
export function unitDirectory({ user, home }: Host): Bytes {
  return user ? join(configHome(home), "systemd/user" as Bytes) : ("/etc/systemd/system" as Bytes);
}

function configHome(home: Bytes): Bytes {
  const given = bytes(process.env.XDG_CONFIG_HOME ?? "");
  return given.startsWith("/") ? given : join(home, ".config" as Bytes);
}

/** Where packages install units. */
export function packagedUnits({ user }: Host): Bytes[] {
  const kind = user ? "user" : "system";
  return [`/usr/lib/systemd/${kind}`, `/lib/systemd/${kind}`, `/usr/local/lib/systemd/${kind}`] as Bytes[];
}

/** Whether a package has installed the unit. */
export function hasUnit(host: Host, name: string): boolean {
  return packagedUnits(host).some((folder) => stateAt(host.root, join(folder, name as Bytes)) !== ABSENT);
}
