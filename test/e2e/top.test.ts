/** `mayfly top` on a terminal of its own: what it shows, its keys, and the state in which it leaves the terminal. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { until } from "../children.js";
import { needsPrograms } from "../requirements.js";
import { scratch } from "../scratch.js";
import { MAYFLY, mayfly } from "./program.js";

const skip = needsPrograms("script", "stty");

/** A program on a pty of 24 rows and 100 columns. */
class Terminal {
  readonly #child: ChildProcess;
  #output = "";
  /** Where the output after the last key starts. */
  #from = 0;
  ended = false;

  constructor(t: TestContext, args: readonly string[]) {
    const quoted = [process.execPath, MAYFLY, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`);
    const command = `stty rows 24 cols 100; ${quoted.join(" ")}; echo "status $?"; stty -a`;
    this.#child = spawn("script", ["-qfec", command, "/dev/null"], {
      env: { ...process.env, TERM: "xterm-256color", LANG: "C.UTF-8", NO_COLOR: "", SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#output += chunk.toString("latin1");
    });
    this.#child.once("close", () => {
      this.ended = true;
    });
    t.after(() => this.#child.kill("SIGKILL"));
  }

  press(keys: string): void {
    this.#from = this.#output.length;
    this.#child.stdin?.write(keys);
  }

  /** Waits until what was written since the last key matches. */
  async shows(pattern: RegExp): Promise<string> {
    try {
      await until(`the terminal shows ${pattern}`, () => pattern.test(this.text));
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${JSON.stringify(this.text)}`);
    }
    return this.text;
  }

  /** What was written since the last key, without control sequences; each row of the screen is a line. */
  get text(): string {
    const text = Buffer.from(this.#output.slice(this.#from), "latin1").toString("utf8");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this removes.
    return text.replace(/\x1b\[\d+;1H/g, "\n").replace(/\x1b\[[?\d;]*[A-Za-z]/g, "");
  }

  get raw(): string {
    return this.#output;
  }
}

function aged(path: string, days: number, size: number): void {
  writeFileSync(path, "x".repeat(size));
  const time = Date.now() / 1000 - days * 86_400;
  utimesSync(path, time, time);
}

function tree(t: TestContext): { readonly top: string; readonly config: string } {
  const place = scratch(t);
  const top = join(place, "top");
  mkdirSync(join(top, "large", "inner"), { recursive: true });
  aged(join(top, "large", "inner", "deep"), 20, 90_000);
  aged(join(top, "small"), 3, 5_000);
  aged(join(top, "it's\x1b[31m"), 20, 10_000);
  const config = join(place, "t.conf");
  writeFileSync(config, `d ${top} - - - m:10d\n`);
  return { top, config };
}

test("it goes down and up, sorts, and leaves the terminal as it was", { skip }, async (t) => {
  const { top, config } = tree(t);
  const terminal = new Terminal(t, ["top", "--config", config, top]);
  const first = await terminal.shows(/quit/);
  assert.match(first, /large\/[\s\S]*it's\\x1b\[31m[\s\S]*small/);
  terminal.press("\r");
  assert.match(await terminal.shows(/inner\/[\s\S]*quit/), new RegExp(`${top}/large `));
  terminal.press("\r");
  const deep = await terminal.shows(/deep[\s\S]*quit/);
  assert.match(deep, /next run +deep/);
  assert.match(deep, new RegExp(`rm -- ${top}/large/inner/deep`));
  assert.match(deep, /line: .*t\.conf:1: d /);
  terminal.press("h");
  await terminal.shows(/inner\/[\s\S]*quit/);
  terminal.press("\x1b[D");
  await terminal.shows(/small[\s\S]*quit/);
  terminal.press("d");
  assert.match(await terminal.shows(/by days left[\s\S]*quit/), /it's[\s\S]*small[\s\S]*large/);
  terminal.press("i");
  await terminal.shows(/by entries[\s\S]*large[\s\S]*quit/);
  terminal.press("o");
  await terminal.shows(/by owner[\s\S]*quit/);
  terminal.press("a");
  await terminal.shows(/by age[\s\S]*quit/);
  terminal.press("j");
  await terminal.shows(/to remove it yourself: rm [\s\S]*quit/);
  terminal.press("q");
  await terminal.shows(/status 0/);
  const end = await terminal.shows(/ icanon[\s\S]* echo /);
  assert.doesNotMatch(end, / -icanon| -echo /);
  const [entered, left] = ["h", "l"].map((end) => terminal.raw.lastIndexOf(`\x1b[?1049${end}`));
  assert.ok(entered !== undefined && left !== undefined && entered >= 0 && left > entered);
  assert.deepEqual(readdirSync(top).sort(), ["it's\x1b[31m", "large", "small"]);
});

test("no control character of a name reaches the terminal, and the command has its exact bytes", {
  skip,
}, async (t) => {
  const { top, config } = tree(t);
  const terminal = new Terminal(t, ["top", "--config", config, top]);
  await terminal.shows(/quit/);
  terminal.press("\x1b[B");
  const text = await terminal.shows(/rm -- \$[\s\S]*quit/);
  assert.ok(text.includes(`rm -- $'${top}/it\\'s\\033[31m'`), text);
  assert.ok(!terminal.raw.includes("it's\x1b"));
  terminal.press("\x03");
  await terminal.shows(/status 0/);
});

test("without a terminal it says what to use instead", () => {
  const { status, stderr } = mayfly(["top", "/tmp"]);
  assert.equal(status, 64);
  assert.match(stderr, /must be a terminal\. For a file, use 'mayfly report'/);
});
