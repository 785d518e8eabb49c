/**
 * The schedule by the real process: each step of a host's history is a process in a time namespace of its own, so that
 * CLOCK_BOOTTIME and the boot ID are those of the history.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MAYFLY } from "../e2e/program.js";
import { needsPrograms, needsRoot, type Skip } from "../requirements.js";
import { scratch } from "../scratch.js";

const HOUR = 3600;
const OLD = new Date("2020-01-01T00:00:00Z");
const NANOSECONDS = 1_000_000_000n;
const needsTimeNamespaces: Skip = existsSync("/proc/self/ns/time") ? false : "needs time namespaces";
const skip = needsRoot || needsPrograms("unshare", "mount") || needsTimeNamespaces;

const uptime = (): number => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);

/** A host on which `serve --once` is run now and then, as from an hourly job. */
class Host {
  readonly #path: string;
  readonly #tree: string;
  #boots = 1;
  /** Added to CLOCK_BOOTTIME. */
  #offset: number;

  constructor(path: string) {
    this.#path = path;
    this.#tree = join(path, "tree");
    mkdirSync(this.#tree);
    this.#offset = 60 - Math.floor(uptime());
  }

  /** Time passes while the host is on, or suspended. */
  pass(hours: number): void {
    this.#offset += hours * HOUR;
    this.#moveStamp(hours);
  }

  reboot(hoursOff: number): void {
    this.#boots++;
    this.#offset = 60 - Math.floor(uptime());
    this.#moveStamp(hoursOff);
  }

  setClock(hours: number): void {
    this.#moveStamp(hours);
  }

  /** The test cannot set the wall clock: what the stamp says of it is moved the other way instead. */
  #moveStamp(hours: number): void {
    const file = join(this.#path, "state/stamp");
    if (!existsSync(file)) return;
    const stamp = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
    for (const name of ["wall", "began"])
      stamp[name] = String(BigInt(stamp[name] ?? "0") - BigInt(hours * HOUR) * NANOSECONDS);
    writeFileSync(file, JSON.stringify(stamp));
  }

  /** Whether the process cleaned. */
  look(...options: readonly string[]): boolean {
    writeFileSync(join(this.#tree, "old"), "");
    utimesSync(join(this.#tree, "old"), OLD, OLD);
    const bootId = join(this.#path, "boot-id");
    writeFileSync(bootId, `boot-${this.#boots}\n`);
    const line = `d ${this.#tree} - - - mM:1d`;
    const serve = [
      MAYFLY,
      "serve",
      "--once",
      "--state-dir",
      join(this.#path, "state"),
      "--inline",
      line,
      "--jitter",
      "0",
      ...options,
    ];
    const script = `mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"`;
    const namespaces = ["--time", "--boottime", String(this.#offset), "--pid", "--mount-proc", "--fork"];
    const { status, stderr } = spawnSync(
      "unshare",
      [...namespaces, "sh", "-c", script, bootId, process.execPath, ...serve],
      {
        encoding: "utf8",
        timeout: 60_000,
      },
    );
    assert.equal(status, 0, stderr);
    return readdirSync(this.#tree).length === 0;
  }
}

/** Numbers that look random and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test("30 steps of a history with suspends, reboots and jumps of the clock: each due run happens once", {
  skip,
}, (t) => {
  const host = new Host(scratch(t));
  const random = numbers(7);
  let since = Number.POSITIVE_INFINITY;
  let runs = 0;
  for (let step = 0; step < 30; step++) {
    const hours = 1 + random(14);
    const kind = ["pass", "pass", "reboot", "jump"][random(4)];
    if (kind === "pass") host.pass(hours);
    else if (kind === "reboot") host.reboot(hours);
    else host.setClock(random(31 * 24) - 24);
    if (kind !== "jump") since += hours;
    const expected = since >= 24;
    assert.equal(
      host.look("--settle", "0"),
      expected,
      `step ${step}: ${kind}, ${since} hours after the last run`,
    );
    if (expected) {
      since = 0;
      runs++;
    }
  }
  assert.ok(runs >= 5, `${runs} runs`);
});

test("a container that has just started settles first, however long its host has been up", { skip }, (t) => {
  const host = new Host(scratch(t));
  host.pass(100);
  assert.equal(host.look(), false);
  assert.equal(host.look("--now"), true);
  assert.equal(host.look("--settle", "0"), false);
});
