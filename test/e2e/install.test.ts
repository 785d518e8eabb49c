/** `mayfly install` and `mayfly uninstall` in trees below --root, and for the user. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { endWithTest, until } from "../children.js";
import { needsPrograms } from "../requirements.js";
import { scratch } from "../scratch.js";
import { MAYFLY, mayfly, type Result, start } from "./program.js";

const UNITS = "etc/systemd/system";
const CLEAN_UNIT = `${UNITS}/mayfly-clean.service`;
const PACKAGED = "usr/lib/systemd/system";
const TIMER = "systemd-tmpfiles-clean.timer";
const AGES = ["e /tmp/*/cache - - - 1d", "d /srv/age - - - 1d", "q /srv/age/below - - - 2d", "d /srv/no-age"];

/** Writes files, or symlinks for contents that begin with `->`, below `root`. */
function lay(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const at = join(root, path);
    mkdirSync(dirname(at), { recursive: true });
    if (content.startsWith("->")) symlinkSync(content.slice(2), at);
    else writeFileSync(at, content);
  }
}

function treeWith(
  t: { after(work: () => void): void },
  files: Readonly<Record<string, string>> = {},
): string {
  const root = scratch(t);
  lay(root, { "etc/tmpfiles.d/ages.conf": `${AGES.join("\n")}\n`, "var/lib/there": "", ...files });
  return root;
}

/** A host on which systemd cleans. */
const SYSTEMD_HOST = {
  "sbin/init": "->/lib/systemd/systemd",
  [`${PACKAGED}/${TIMER}`]: "[Timer]\n",
  [`${PACKAGED}/timers.target.wants/${TIMER}`]: `->../${TIMER}`,
};

/** Every inode below `root`: kind, mode, owner and content. */
function contents(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const at = join(root, name);
      const stat = lstatSync(at);
      const content = stat.isSymbolicLink()
        ? readlinkSync(at)
        : stat.isFile()
          ? readFileSync(at, "latin1")
          : "";
      return `${name} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${content}`;
    });
}

function succeed(result: Result): string {
  assert.equal(result.status, 0, result.stderr + result.stdout);
  return result.stdout;
}

const install = (root: string, ...args: string[]): Result => mayfly(["install", "--root", root, ...args]);
const uninstall = (root: string, ...args: string[]): Result => mayfly(["uninstall", "--root", root, ...args]);

test("the units of systemd can change what the configuration ages, and nothing else", (t) => {
  const root = treeWith(t);
  succeed(install(root, "--init", "systemd"));
  const paths = (): string[] =>
    readFileSync(join(root, CLEAN_UNIT), "latin1").match(/(?<=^ReadWritePaths=).*/gm) ?? [];
  assert.deepEqual(paths(), ["-/srv/age", "-/tmp"]);

  const odd = [
    'e "/srv/a b/*" - - - 1d',
    "e /srv/100%%/{x,y}/z - - - 1d",
    "r /var/x/file - - - 1d",
    "e /opt/\\xff/x - - - 1d",
  ];
  writeFileSync(join(root, "etc/tmpfiles.d/ages.conf"), `${odd.join("\n")}\n`);
  succeed(install(root, "--refresh"));
  // A unit file cannot name what is not UTF-8.
  assert.deepEqual(paths(), ["-/opt", "-/srv/100%%", '"-/srv/a b"', "-/var/x"]);
});

test("systemd accepts the units in silence, and the cleaning unit is sandboxed", {
  skip: needsPrograms("systemd-analyze"),
}, (t) => {
  const root = treeWith(t);
  lay(root, { "etc/tmpfiles.d/odd.conf": 'e "/srv/a b%%c/*" - - - 1d\n' });
  succeed(install(root, "--init", "systemd"));
  const units = readdirSync(join(root, UNITS)).filter((name) => /\.(service|timer)$/.test(name));
  assert.deepEqual(units.sort(), [
    "mayfly-clean.service",
    "mayfly-clean.timer",
    "mayfly-setup-dev.service",
    "mayfly-setup.service",
  ]);
  const verified = start("systemd-analyze", ["verify", ...units.map((name) => join(root, UNITS, name))]);
  assert.deepEqual([verified.status, verified.stderr, verified.stdout], [0, "", ""]);
  const scored = start("systemd-analyze", [
    "security",
    "--offline=yes",
    "--no-pager",
    join(root, CLEAN_UNIT),
  ]);
  const level = /Overall exposure level for mayfly-clean.service: ([\d.]+)/.exec(scored.stdout)?.[1];
  assert.ok(Number(level) <= 1.7, scored.stdout);
});

test("the restrictions that would change what is cleaned are left out of the unit", (t) => {
  const root = treeWith(t);
  succeed(install(root, "--init", "systemd"));
  const unit = readFileSync(join(root, CLEAN_UNIT), "latin1");
  for (const left of [
    "PrivateTmp",
    "PrivateNetwork",
    "ProcSubset",
    "ProtectProc",
    "PrivateUsers",
    "DynamicUser",
  ])
    assert.doesNotMatch(unit, new RegExp(`^${left}=`, "m"));
  assert.match(unit, /^MemoryDenyWriteExecute=yes$/m);
  assert.match(unit, /^ExecStart=\S+ --jitless \S+ clean$/m);
  // The set-up creates devices, and files with any mode.
  for (const setup of ["mayfly-setup", "mayfly-setup-dev"]) {
    const text = readFileSync(join(root, `${UNITS}/${setup}.service`), "latin1");
    assert.doesNotMatch(text, /^(PrivateDevices|RestrictSUIDSGID)=/m);
  }
});

test("set-up at boot is left to systemd-tmpfiles if it is installed", (t) => {
  const setup = `${PACKAGED}/systemd-tmpfiles-setup.service`;
  const root = treeWith(t, { [setup]: "[Service]\n" });
  succeed(install(root, "--init", "systemd"));
  assert.ok(!existsSync(join(root, `${UNITS}/mayfly-setup.service`)));
  assert.ok(existsSync(join(root, `${UNITS}/mayfly-setup-dev.service`)));
});

test("with systemd's own timer, install changes nothing unless it is told to take over", (t) => {
  const root = treeWith(t, SYSTEMD_HOST);
  const before = contents(root);
  const refused = install(root);
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /'systemd-tmpfiles-clean.timer' already cleans this host.*'--take-over'/);
  assert.deepEqual(contents(root), before);

  succeed(install(root, "--take-over"));
  assert.equal(readlinkSync(join(root, UNITS, TIMER)), "/dev/null");
  assert.match(succeed(install(root)), /^Everything is installed already/);
  assert.equal(readlinkSync(join(root, UNITS, TIMER)), "/dev/null", "an update keeps it off");
  succeed(uninstall(root));
  assert.deepEqual(contents(root), before);
});

test("an administrator's own timer is put back as it was", (t) => {
  const root = treeWith(t, { ...SYSTEMD_HOST, [`${UNITS}/${TIMER}`]: "[Timer]\nOnCalendar=weekly\n" });
  chmodSync(join(root, UNITS, TIMER), 0o640);
  const before = contents(root);
  const { mtimeMs } = lstatSync(join(root, UNITS, TIMER));
  succeed(install(root, "--take-over"));
  succeed(uninstall(root));
  assert.deepEqual(contents(root), before);
  assert.equal(lstatSync(join(root, UNITS, TIMER)).mtimeMs, mtimeMs);
});

test("tmpreaper is taken over by its mode", (t) => {
  const root = treeWith(t, { "etc/cron.daily/tmpreaper": "#!/bin/sh\n" });
  const script = join(root, "etc/cron.daily/tmpreaper");
  chmodSync(script, 0o755);
  const before = contents(root);
  assert.equal(install(root, "--init", "cron").status, 3);
  assert.deepEqual(contents(root), before);
  const { ino } = lstatSync(script);
  succeed(install(root, "--init", "cron", "--take-over"));
  assert.equal(lstatSync(script).mode & 0o111, 0);
  assert.equal(lstatSync(script).ino, ino);
  succeed(uninstall(root));
  assert.deepEqual(contents(root), before);
});

test("run-parts accepts the daily job", { skip: needsPrograms("run-parts") }, (t) => {
  const root = treeWith(t);
  succeed(install(root, "--init", "cron"));
  const daily = join(root, "etc/cron.daily");
  assert.equal(start("run-parts", ["--test", daily]).stdout, `${daily}/mayfly\n`);
});

test("a file that mayfly did not make is not overwritten", (t) => {
  const root = treeWith(t, { [CLEAN_UNIT]: "# my own\n" });
  const before = contents(root);
  const { status, stderr } = install(root, "--init", "systemd");
  assert.equal(status, 1);
  assert.match(
    stderr,
    /\/etc\/systemd\/system\/mayfly-clean.service: a file is in the way, and mayfly did not make it/,
  );
  assert.deepEqual(contents(root), before);
});

test("a file that was changed after the installation is left, and neither updated", (t) => {
  const root = treeWith(t);
  succeed(install(root, "--init", "systemd"));
  writeFileSync(join(root, CLEAN_UNIT), "# edited\n");
  assert.match(install(root, "--refresh").stderr, /it was changed after mayfly installed it/);
  const { status, stderr } = uninstall(root);
  assert.equal(status, 1);
  assert.match(stderr, /mayfly-clean.service: was changed after the installation, and is left as it is/);
  assert.equal(readFileSync(join(root, CLEAN_UNIT), "utf8"), "# edited\n");
  assert.ok(!existsSync(join(root, `${UNITS}/mayfly-clean.timer`)));
  assert.equal(succeed(uninstall(root)), "Nothing is installed.\n");
});

test("another kind of job replaces the one that is installed", (t) => {
  const root = treeWith(t);
  const before = contents(root);
  succeed(install(root, "--init", "cron"));
  succeed(install(root, "--init", "systemd"));
  assert.ok(!existsSync(join(root, "etc/cron.d/mayfly")));
  succeed(uninstall(root));
  assert.deepEqual(contents(root), before);
});

test("a dry run changes nothing, and prints every file with its content", (t) => {
  const root = treeWith(t);
  const before = contents(root);
  const out = succeed(install(root, "--init", "systemd", "--dry-run"));
  assert.match(out, /would create \/etc\/systemd\/system\/mayfly-clean.service \(0644\)\n {2}\+ #/);
  assert.match(out, /\+ OnBootSec=15min/);
  assert.deepEqual(contents(root), before);
});

test("no symlink leads out of the root, and no directory of others is used", (t) => {
  const root = treeWith(t);
  const outside = scratch(t);
  symlinkSync(outside, join(root, "etc/cron.d"));
  install(root, "--init", "cron");
  assert.deepEqual(readdirSync(outside), []);
  rmSync(join(root, "etc/cron.d"));
  mkdirSync(join(root, "etc/cron.daily"));
  chmodSync(join(root, "etc/cron.daily"), 0o777);
  const { status, stderr } = install(root, "--init", "cron");
  assert.equal(status, 1);
  assert.match(stderr, /other users can write to this directory/);
});

test("units of a user go with what was made for them", (t) => {
  const home = scratch(t);
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: "",
    XDG_STATE_HOME: "",
    XDG_RUNTIME_DIR: "",
    DBUS_SESSION_BUS_ADDRESS: "",
  };
  const before = contents(home);
  const args = ["install", "--user", "--take-over"];
  const preview = mayfly([...args, "--dry-run"], { env });
  // The tests may be in a directory that others can write to.
  if (preview.status === 1) {
    assert.match(preview.stderr, /could replace this program|in a temporary directory/);
    return;
  }
  assert.deepEqual(contents(home), before);
  succeed(mayfly(args, { env }));
  const units = join(home, ".config/systemd/user");
  const unit = readFileSync(join(units, "mayfly-clean.service"), "latin1");
  assert.match(unit, /^ExecStart=.* clean --user$/m);
  assert.equal(readlinkSync(join(units, "timers.target.wants/mayfly-clean.timer")), "../mayfly-clean.timer");
  succeed(mayfly(["uninstall", "--user"], { env }));
  assert.deepEqual(contents(home), before);
});

const S6 = ["s6", "--service-directory", "/srv/services"];
const RUNIT = ["runit", "--service-directory", "/srv/services"];
const KINDS = [["systemd"], ["systemd", "--serve"], ["cron"], ["anacron"], ["openrc"], RUNIT, S6];

/** Roots that already have some of what an installation needs or replaces. */
const SOME_FILES = fc.subarray([
  [`${UNITS}/keep.service`, "[Service]\n"],
  [`${UNITS}/timers.target.wants/keep.timer`, "->../keep.timer"],
  [`${UNITS}/sysinit.target.wants/keep.service`, "->../keep.service"],
  [`${UNITS}/${TIMER}`, "[Timer]\n"],
  [`${PACKAGED}/${TIMER}`, "[Timer]\n"],
  [`${PACKAGED}/timers.target.wants/${TIMER}`, `->../${TIMER}`],
  [`${PACKAGED}/systemd-tmpfiles-setup.service`, "[Service]\n"],
  ["sbin/init", "->/lib/systemd/systemd"],
  ["etc/cron.d/keep", "# keep\n"],
  ["etc/cron.daily/tmpreaper", "#!/bin/sh\n"],
  ["var/lib/mayfly/stamp", "{}"],
  ["var/cache/mayfly/index", "x"],
] as [string, string][]);

test("what was there is there again after uninstall", (t) => {
  fc.assert(
    fc.property(
      SOME_FILES,
      fc.constantFrom<readonly string[]>(...KINDS),
      fc.boolean(),
      (files, kind, twice) => {
        const root = treeWith(t, Object.fromEntries(files));
        const script = join(root, "etc/cron.daily/tmpreaper");
        if (existsSync(script)) chmodSync(script, 0o755);
        const before = contents(root);
        succeed(install(root, "--init", ...kind, "--take-over"));
        if (twice) succeed(install(root, "--init", kind[0] === "cron" ? "systemd" : "cron", "--take-over"));
        succeed(uninstall(root));
        assert.deepEqual(contents(root), before);
        rmSync(root, { recursive: true });
      },
    ),
    { numRuns: Number(process.env.CASES ?? 6) },
  );
});

test("the supervisors get a service that starts with the host", (t) => {
  const overlay = "etc/s6-overlay/s6-rc.d/user/contents.d/keep";
  const cases: readonly (readonly [string[], Record<string, string>, Record<string, RegExp>])[] = [
    [
      ["openrc"],
      {},
      {
        "etc/init.d/mayfly":
          /^supervisor=supervise-daemon\ncommand=.*node.*\ncommand_args='.* serve --at-start=none'$/m,
        "etc/init.d/mayfly-setup": /mayfly.js tmpfiles --create --remove --boot --exclude-prefix=\/dev$/m,
        "etc/runlevels/default/mayfly": /^->\/etc\/init.d\/mayfly$/,
        "etc/runlevels/boot/mayfly-setup": /^->\/etc\/init.d\/mayfly-setup$/,
      },
    ],
    [
      ["runit"],
      { "etc/runit/runsvdir/default/keep": "" },
      {
        "etc/sv/mayfly/run": /^exec .*mayfly.js serve$/m,
        "etc/sv/mayfly/log/run": /^exec svlogd -tt \/var\/log\/mayfly$/m,
        "etc/runit/runsvdir/default/mayfly": /^->\/etc\/sv\/mayfly$/,
      },
    ],
    [
      S6,
      {},
      {
        "srv/services/mayfly/run": /^exec .*mayfly.js serve$/m,
        "srv/services/mayfly/log/run": /^exec s6-log .*\/var\/log\/mayfly$/m,
      },
    ],
    [
      ["s6"],
      { [overlay]: "" },
      {
        "etc/s6-overlay/s6-rc.d/mayfly/type": /^longrun$/m,
        "etc/s6-overlay/s6-rc.d/mayfly/run": /^exec .*mayfly.js serve$/m,
        "etc/s6-overlay/s6-rc.d/user/contents.d/mayfly": /^$/,
      },
    ],
  ];
  for (const [kind, files, expected] of cases) {
    const root = treeWith(t, files);
    succeed(install(root, "--init", ...kind));
    for (const [name, content] of Object.entries(expected)) {
      const at = join(root, name);
      const stat = lstatSync(at);
      assert.match(stat.isSymbolicLink() ? `->${readlinkSync(at)}` : readFileSync(at, "utf8"), content);
      if (/\/(run|init\.d\/.*)$/.test(name)) assert.equal(stat.mode & 0o777, 0o755, name);
    }
    assert.match(succeed(install(root, "--refresh")), /^Everything is installed already/, kind.join(" "));
  }
});

test("OpenRC's set-up is left to another service for it", (t) => {
  const root = treeWith(t, { "etc/init.d/opentmpfiles-setup": "#!/sbin/openrc-run\n" });
  succeed(install(root, "--init", "openrc"));
  assert.ok(!existsSync(join(root, "etc/init.d/mayfly-setup")));
  assert.ok(existsSync(join(root, "etc/init.d/mayfly")));
});

test("install finds the init system below --root", (t) => {
  const hosts: readonly (readonly [string, Record<string, string>])[] = [
    ["systemd", { "sbin/init": "->/lib/systemd/systemd", "etc/cron.d/keep": "" }],
    ["openrc", { "sbin/openrc-run": "", "etc/runlevels/default/keep": "", "etc/cron.d/keep": "" }],
    ["runit", { "sbin/init": "->/lib/runit/runit-init", "etc/service/keep": "", "etc/cron.d/keep": "" }],
    ["s6", { "etc/s6-overlay/s6-rc.d/user/contents.d/keep": "" }],
    ["anacron", { "etc/anacrontab": "", "etc/cron.d/keep": "" }],
    ["cron", { "etc/cron.d/keep": "" }],
  ];
  for (const [init, files] of hosts) {
    const out = succeed(install(treeWith(t, files), "--json", "--dry-run"));
    assert.match(out, new RegExp(`"init":"${init}"`));
  }
  const none = install(treeWith(t));
  assert.deepEqual([none.status, none.stderr.includes("no init system that runs jobs was found")], [1, true]);
});

test("options that do not fit the init system are errors", (t) => {
  const root = treeWith(t);
  for (const [args, message] of [
    [["--init", "cron", "--serve"], /'--serve' requires '--init systemd'/],
    [["--init", "cron", "--service-directory", "/srv"], /requires '--init runit' or '--init s6'/],
    [["--init", "runit", "--service-directory", "srv"], /expects an absolute path/],
  ] as const) {
    const { status, stderr } = install(root, ...args);
    assert.equal(status, 64);
    assert.match(stderr, message);
  }
  assert.match(
    install(root, "--init", "s6").stderr,
    /no directory of services for s6.*'--service-directory'/,
  );
  const user = mayfly(["install", "--user", "--init", "s6"]);
  assert.match(user.stderr, /'--user' and '--init s6' require '--service-directory'/);
});

test("--serve installs the service instead of the timer, and keeps to it", {
  skip: needsPrograms("systemd-analyze"),
}, (t) => {
  const root = treeWith(t);
  succeed(install(root, "--init", "systemd"));
  succeed(install(root, "--init", "systemd", "--serve"));
  assert.ok(!existsSync(join(root, UNITS, "mayfly-clean.timer")));
  assert.match(succeed(install(root, "--refresh")), /^Everything is installed already/);
  const unit = join(root, UNITS, "mayfly-serve.service");
  const text = readFileSync(unit, "latin1");
  assert.match(text, /^Type=notify$/m);
  assert.match(text, /^WatchdogSec=/m);
  assert.match(text, /^ExecStart=\S+ --jitless \S+ serve --at-start=none$/m);
  assert.match(text, /^ReadWritePaths=-\/srv\/age$/m);
  assert.equal(
    readlinkSync(join(root, UNITS, "multi-user.target.wants/mayfly-serve.service")),
    "../mayfly-serve.service",
  );
  const verified = start("systemd-analyze", ["verify", unit]);
  assert.deepEqual([verified.status, verified.stderr, verified.stdout], [0, "", ""]);
  const scored = start("systemd-analyze", ["security", "--offline=yes", "--no-pager", unit]);
  assert.ok(
    Number(/level for mayfly-serve.service: ([\d.]+)/.exec(scored.stdout)?.[1]) <= 1.9,
    scored.stdout,
  );
});

test("installations at the same time wait for each other", async (t) => {
  const root = treeWith(t);
  const before = contents(root);
  const exitOf = (args: readonly string[]): Promise<number | null> =>
    new Promise((resolve) => {
      spawn(process.execPath, [MAYFLY, ...args, "--root", root], { stdio: "ignore" }).on("close", resolve);
    });
  const kinds = ["systemd", "cron", "openrc", "systemd"];
  assert.deepEqual(await Promise.all(kinds.map((init) => exitOf(["install", "--init", init]))), [0, 0, 0, 0]);
  const held = join(root, ".mayfly-install.lock");
  assert.ok(!existsSync(held));
  const installed = JSON.parse(readFileSync(join(root, "var/lib/mayfly/install.json"), "utf8"));
  const jobs = [
    existsSync(join(root, CLEAN_UNIT)),
    existsSync(join(root, "etc/cron.d/mayfly")),
    existsSync(join(root, "etc/init.d/mayfly")),
  ];
  assert.deepEqual(
    jobs,
    ["systemd", "cron", "openrc"].map((init) => init === installed.init),
  );
  assert.deepEqual(await Promise.all([exitOf(["uninstall"]), exitOf(["uninstall"])]), [0, 0]);
  assert.deepEqual(contents(root), before);
});

test("install waits while another process has the lock", { skip: needsPrograms("flock") }, async (t) => {
  const root = treeWith(t);
  const lock = join(root, ".mayfly-install.lock");
  writeFileSync(lock, "");
  const holder = endWithTest(
    spawn("flock", [lock, "sh", "-c", "echo held; cat"], { stdio: ["pipe", "pipe", "ignore"] }),
  );
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  const second = spawn(process.execPath, [MAYFLY, "install", "--init", "cron", "--root", root], {
    stdio: "ignore",
  });
  const ended = new Promise<number | null>((resolve) => second.on("close", resolve));
  const fdsOf = (): string[] =>
    readdirSync(`/proc/${second.pid}/fd`).map((fd) => linkOf(`/proc/${second.pid}/fd/${fd}`));
  await until("install opens the lock", () => fdsOf().includes(lock));
  assert.ok(!existsSync(join(root, "etc/cron.d/mayfly")));
  holder.stdin.end();
  assert.equal(await ended, 0);
  assert.ok(existsSync(join(root, "etc/cron.d/mayfly")));
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** The system calls that change a root. */
const CALLS = ["mkdirat", "symlinkat", "renameat", "renameat2", "unlinkat", "fsync"];
/** Which calls of each kind: KILLS=all for every one. */
const MOMENTS = process.env.KILLS === "all" ? Array.from({ length: 400 }, (_, index) => index + 1) : [1, 3];

/** Runs the program, and kills it at its `nth` call that changes something; true if there are that many. */
function killedAt(nth: number, call: string, args: readonly string[]): boolean {
  const inject = `inject=${call}:signal=SIGKILL:when=${nth}`;
  const command = [process.execPath, MAYFLY, ...args];
  // strace ends as the program does.
  const { signal } = spawnSync("strace", [
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    `trace=${call}`,
    "-e",
    inject,
    ...command,
  ]);
  return signal === "SIGKILL";
}

test("install and uninstall complete what a kill at any change left", {
  skip: needsPrograms("strace"),
}, (t) => {
  let kills = 0;
  for (const call of CALLS) {
    for (const nth of MOMENTS) {
      const root = treeWith(t, { ...SYSTEMD_HOST, [`${UNITS}/${TIMER}`]: "[Timer]\n" });
      const before = contents(root);
      const during = killedAt(nth, call, ["install", "--root", root, "--take-over"]);
      if (nth % 2 === 0) succeed(install(root, "--take-over"));
      const again = killedAt(nth, call, ["uninstall", "--root", root]);
      kills += Number(during) + Number(again);
      succeed(uninstall(root));
      assert.deepEqual(contents(root), before, `${call} ${nth}`);
      rmSync(root, { recursive: true });
      if (!during && !again) break;
    }
  }
  assert.ok(kills > 0);
});
