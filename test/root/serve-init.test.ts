/** `mayfly serve -- COMMAND` as PID 1: orphans, exit statuses and signals, beside tini and catatonit. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { endWithTest, until } from "../children.js";
import { MAYFLY } from "../e2e/program.js";
import { has, needsPrograms, needsRoot } from "../requirements.js";
import { scratch } from "../scratch.js";

const skip = needsRoot || needsPrograms("unshare");
const NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
const SERVE = [
  process.execPath,
  MAYFLY,
  "serve",
  "--no-state",
  "--at-start",
  "none",
  "--inline",
  "x /nowhere",
];

interface Init {
  readonly name: string;
  readonly command: readonly string[];
  readonly skip: string | false;
}

const MAYFLY_INIT: Init = { name: "mayfly serve", command: [...SERVE, "--"], skip };
const INITS: readonly Init[] = [
  MAYFLY_INIT,
  { name: "tini", command: ["tini", "--"], skip: skip || needsPrograms("tini") },
  { name: "catatonit", command: ["catatonit", "--"], skip: skip || needsPrograms("catatonit") },
];

/** The process that unshare started: PID 1 of the namespace, as this namespace numbers it. */
function initOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}

/** Runs a shell script under an init, sends signals once it prints "ready", and returns the status as unshare reports it. */
async function statusUnder(
  init: Init,
  script: readonly string[],
  signals: readonly NodeJS.Signals[] = [],
): Promise<number> {
  const [program = "", ...args] = [...NAMESPACE, ...init.command, ...script];
  const child = endWithTest(spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] }));
  const ended = once(child, "close");
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  for (const [index, signal] of signals.entries()) {
    const pattern = /ready/g;
    await until(
      `the command is ready for ${signal}`,
      () => (output.match(pattern)?.length ?? 0) > index || child.exitCode !== null,
    );
    process.kill(initOf(child.pid as number), signal);
  }
  const [status] = (await ended) as [number];
  return status;
}

const sh = (script: string): string[] => ["sh", "-c", script];
/** Says that it is ready, and does nothing until a signal ends it. */
const WAITS = "echo ready; while :; do sleep 0.02; done";

interface Case {
  readonly name: string;
  readonly command: readonly string[];
  readonly signals?: readonly NodeJS.Signals[];
  readonly status: number;
}

const CASES: readonly Case[] = [
  { name: "status 0", command: ["true"], status: 0 },
  { name: "status 5", command: sh("exit 5"), status: 5 },
  { name: "status 42", command: sh("exit 42"), status: 42 },
  { name: "status 255", command: sh("exit 255"), status: 255 },
  { name: "ended by its own SIGTERM", command: sh("kill -TERM $$"), status: 143 },
  { name: "ended by its own SIGKILL", command: sh("kill -KILL $$"), status: 137 },
  { name: "SIGTERM is forwarded", command: sh(WAITS), signals: ["SIGTERM"], status: 143 },
  {
    name: "SIGTERM is handled",
    command: sh(`trap 'exit 42' TERM; ${WAITS}`),
    signals: ["SIGTERM"],
    status: 42,
  },
  { name: "SIGINT is handled", command: sh(`trap 'exit 7' INT; ${WAITS}`), signals: ["SIGINT"], status: 7 },
  { name: "SIGHUP is forwarded", command: sh(WAITS), signals: ["SIGHUP"], status: 129 },
  {
    name: "SIGUSR1 and SIGUSR2 are handled",
    command: sh(`trap 'echo ready' USR1; trap 'exit 9' USR2; ${WAITS}`),
    signals: ["SIGUSR1", "SIGUSR2"],
    status: 9,
  },
  {
    name: "an orphan's status is not the command's",
    command: sh("(sh -c 'sleep 0.05; exit 3' &); sleep 0.3; exit 4"),
    status: 4,
  },
];

for (const init of INITS) {
  for (const { name, command, signals, status } of CASES) {
    test(`${init.name}, ${name}: ${status}`, { skip: init.skip }, async () => {
      assert.equal(await statusUnder(init, command, signals), status);
    });
  }
}

test("a command that cannot be started is status 127 or 126", { skip }, async (t) => {
  assert.equal(await statusUnder(MAYFLY_INIT, ["/nonexistent/program"]), 127);
  const file = join(scratch(t), "file");
  writeFileSync(file, "", { mode: 0o600 });
  assert.equal(await statusUnder(MAYFLY_INIT, [file]), 126);
});

test("a command that ignores SIGTERM is killed after the grace", { skip }, async () => {
  const init = { ...MAYFLY_INIT, command: [...SERVE, "--grace", "100ms", "--"] };
  assert.equal(await statusUnder(init, sh(`trap '' TERM; ${WAITS}`), ["SIGTERM"]), 137);
});

/** Starts this many orphans, and ends with status 0 once no process of the namespace is a zombie. */
const ORPHANS = `
  const { spawnSync } = require("node:child_process");
  const { readdirSync, readFileSync } = require("node:fs");
  spawnSync("sh", ["-c", "i=0; while [ $i -lt 1000 ]; do (sh -c 'exit 3' &); i=$((i + 1)); done"]);
  const zombies = () => readdirSync("/proc").filter((name) => {
    try { return /\\) Z /.test(readFileSync("/proc/" + name + "/stat", "latin1")); } catch { return false; }
  }).length;
  const ended = Date.now();
  const wait = () => {
    const left = zombies();
    if (left === 0) { console.log(Date.now() - ended); process.exit(0); }
    if (Date.now() > ended + 20000) { console.error(left + " zombies"); process.exit(1); }
    setTimeout(wait, 10);
  };
  wait();
`;

test("1,000 orphans leave no zombie", { skip }, () => {
  const [program = "", ...args] = [...NAMESPACE, ...SERVE, "--", process.execPath, "-e", ORPHANS];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 120_000 });
  assert.equal(status, 0, stderr);
  console.log(`# no zombie is left ${stdout.trim()} ms after the last orphan began`);
});

test("beside another PID 1, orphans come to serve and are reaped", { skip: needsPrograms("sh") }, () => {
  const script = `
    (sh -c 'sleep 0.1; ps -o ppid= -p $$; exit 3' &)
    sleep 0.5; echo "$PPID"; ps -A -o ppid=,stat= | awk -v p="$PPID" '$1 == p && $2 ~ /Z/' | wc -l
  `;
  if (!has("ps")) return;
  const [program = "", ...args] = [...SERVE, "--", "sh", "-c", script];
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8", timeout: 60_000 });
  const [orphansParent, serve, zombies] = stdout.trim().split(/\s+/);
  assert.deepEqual({ status, orphansParent, zombies }, { status: 0, orphansParent: serve, zombies: "0" });
});

/** PID 1 that starts children of its own while orphans come to it, and counts the statuses that it sees. */
const OWN_CHILDREN = (reaper: string): string => `
  import { spawn } from "node:child_process";
  import { Reaper } from ${JSON.stringify(reaper)};
  const reaper = new Reaper();
  const all = 2000;
  let started = 0, right = 0, ended = 0;
  const orphans = spawn("sh", ["-c", "while :; do (sh -c 'exit 3' &); (exit 4); done"]);
  reaper.started(orphans.pid);
  const next = () => {
    const child = spawn("sh", ["-c", "exit 7"], { stdio: "ignore" });
    reaper.started(child.pid);
    started++;
    child.on("exit", (status) => {
      reaper.ended(child.pid);
      if (status === 7) right++;
      if (++ended === all) {
        console.log(right + " " + (reaper.reaped > 100));
        process.exit(0);
      }
      if (started < all) next();
    });
  };
  for (let at = 0; at < 12; at++) next();
`;

test("2,000 of 2,000 statuses of own children are seen while orphans are reaped", { skip }, (t) => {
  const file = join(scratch(t), "init.mjs");
  writeFileSync(file, OWN_CHILDREN(import.meta.resolve("#src/serve/init/reaper.js")));
  const [program = "", ...args] = [...NAMESPACE, process.execPath, file];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 300_000 });
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "2000 true\n", stderr: "" });
});

test("as PID 1, what is configured is removed and created as at boot, before the command starts", {
  skip,
}, (t) => {
  const path = scratch(t);
  const [made, gone] = [join(path, "made"), join(path, "gone")];
  writeFileSync(gone, "");
  const lines = ["--inline", `d! ${made}`, "--inline", `r! ${gone}`];
  const command = ["--", "sh", "-c", `test -d ${made} && test ! -e ${gone}`];
  const [program = "", ...args] = [
    ...NAMESPACE,
    process.execPath,
    MAYFLY,
    "serve",
    "--no-state",
    ...lines,
    ...command,
  ];
  assert.equal(spawnSync(program, args, { timeout: 60_000 }).status, 0);
  // Another root may be that of a host that runs.
  const other = [
    ...args.slice(0, args.indexOf("--no-state")),
    "--no-state",
    "--root",
    path,
    "--inline",
    "d! /inside",
    "--",
    "true",
  ];
  assert.equal(spawnSync(program, other, { timeout: 60_000 }).status, 0);
  assert.ok(!existsSync(join(path, "inside")));
});
