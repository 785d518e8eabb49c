/** `mayfly explain` as users run it: the answer, advice that works as it is, and invalid configuration. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cannotBeNobody, NOBODY } from "../ordinary-user.js";
import { has, isRoot, MAYFLY, mayfly, type Result, Scratch, start } from "./program.js";

type Json = Record<string, unknown>;
const jsonLines = (text: string): Json[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Json);

/** A tree with an old file below a line, and a configuration. */
class Place extends Scratch {
  readonly tree = join(this.path, "tree");
  readonly config = join(this.path, "own.conf");

  constructor(lines: (tree: string) => readonly string[] = (tree) => [`d ${tree} - - - 10d`]) {
    super();
    mkdirSync(this.tree);
    writeFileSync(this.config, `${lines(this.tree).join("\n")}\n`);
  }

  file(name: string): string {
    const path = join(this.tree, name);
    writeFileSync(path, "");
    return path;
  }

  explain(paths: readonly string[], ...options: string[]): Result {
    return mayfly(["explain", `--config=${this.config}`, ...options, ...paths]);
  }

  advice(path: string, ...options: string[]): string[] {
    const [explained] = jsonLines(this.explain([path], "--json", ...options).stdout);
    return explained?.advice as string[];
  }
}

test("the headline is the answer, and each timestamp appears once", () => {
  using place = new Place();
  const path = place.file("a");
  utimesSync(path, 1e9, 1.1e9);
  const { stdout } = place.explain([path]);
  assert.match(stdout, /a kept until \d{4}-\d\d-\d\d \d\d:\d\d \(in (10d|9d 23h)\)\n/);
  for (const name of ["mtime", "atime", "ctime", "btime"]) {
    assert.equal(stdout.match(new RegExp(`^ {2}${name} `, "gm"))?.length, 1, stdout);
  }
  assert.equal(stdout.match(/2004-11-09/g)?.length, 1, stdout);
  const later = place.explain([path], "--at=+20d").stdout;
  assert.match(later, /a would be removed \(since \d{4}-\d\d-\d\d \d\d:\d\d, 10d ago\)\n/);
});

test("times are local for people, and UTC for programs", () => {
  using place = new Place((tree) => [`d ${tree} - - - m:10d`]);
  const path = place.file("a");
  utimesSync(path, 1e9, 1e9);
  const args = [`--config=${place.config}`, "--at=@1000000100", path];
  const env = { TZ: "Asia/Kolkata" };
  assert.match(mayfly(["explain", ...args], { env }).stdout, /kept until 2001-09-19 07:16 /);
  const [explained] = jsonLines(mayfly(["explain", "--json", ...args], { env }).stdout);
  assert.equal(explained?.expires, "2001-09-19T01:46:40.000000001Z");
});

test("infinite ages and timestamps beyond the calendar do not fail", () => {
  using place = new Place((tree) => [`d ${tree} - - - infinity`]);
  const path = place.file("a");
  for (const options of [[], ["--json"]]) {
    const { status, stderr } = place.explain([path], ...options);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  }
  assert.equal(mayfly(["forecast", `--config=${place.config}`, place.tree]).status, 0);
});

test("the advised flock command is valid in a shell", () => {
  using place = new Place();
  for (const name of ["`id`", "a;b", "{a,b}", "$HOME", "it's", "a b", "a\nb", "*"]) {
    const path = place.file(name);
    const command =
      place
        .advice(path, "--at=+20d")
        .join("\n")
        .match(/flock (?!\(|on )(.*) COMMAND/)?.[1] ?? "";
    const { stdout } = start("bash", ["-c", `printf %s ${command}`]);
    assert.equal(stdout, path, command);
  }
});

test("x lines are not advised for paths that r, R or D lines name themselves", () => {
  using place = new Place((tree) => [`r! ${tree}/auth_*`, `R! ${tree}/dd`, `x ${tree}/auth_1`]);
  const file = place.file("auth_1");
  mkdirSync(join(place.tree, "dd"));
  const inside = place.file("dd/f");
  for (const path of [file, join(place.tree, "dd")]) {
    assert.doesNotMatch(place.advice(path).join("\n"), /add `?x/, path);
  }
  assert.match(place.advice(inside).join("\n"), new RegExp(`add \`x ${inside}\``));
  writeFileSync(place.config, `r ${file} - - - m:10d\n`);
  const aged = place.advice(file, "--at=+20d").join("\n");
  assert.doesNotMatch(aged, /add `?x/);
  assert.match(aged, /own\.conf:1: that line specifies this exact path/);
});

test("r lines with an age have an expiry time", () => {
  using place = new Place((tree) => [`r ${tree}/a - - - 10d`]);
  const { stdout } = place.explain([place.file("a")]);
  assert.match(stdout, /kept until .* \(in (10d|9d 23h)\)/);
});

test("no removal is advised that nobody asked for", () => {
  using place = new Place(() => ["d /nonexistent/z"]);
  const paths = [
    "/",
    "/etc",
    "/usr/bin",
    "/dev/null",
    "/proc/1",
    "/root/.ssh",
    "/home",
    "/home/somebody",
    "/var/lib",
  ];
  for (const explained of jsonLines(place.explain(paths, "--json").stdout)) {
    assert.deepEqual(explained.advice, [], `${explained.path}`);
  }
  assert.deepEqual(place.advice(place.tree), [
    `to have its contents removed by age, add \`e ${place.tree} - - - 10d\``,
  ]);
});

test("invalid lines are reported with file and line, and the rest is explained", () => {
  using place = new Place((tree) => [
    `d ${tree} - - - 1dd`,
    "y /x",
    `e ${tree} - - - 10d`,
    "f~ /y - - - - not*base64",
  ]);
  const path = place.file("a");
  for (const command of ["explain", "forecast"]) {
    const { status, stderr, stdout } = mayfly([command, `--config=${place.config}`, "--at=+20d", path]);
    assert.equal(status, 65, command);
    for (const line of [1, 2, 4])
      assert.match(stderr, new RegExp(`^${place.config}:${line}: error: `, "m"), command);
    assert.equal(stderr.trim().split("\n").length, 3, stderr);
    assert.match(stdout, /own\.conf:3/, command);
    const json = mayfly([command, "--json", `--config=${place.config}`, "--at=+20d", path]);
    assert.equal(json.stderr, "");
    const reported = jsonLines(json.stdout);
    const diagnostics = reported.filter(({ type }) => type === "diagnostic");
    assert.deepEqual(
      diagnostics.map(({ source }) => (source as Json).line),
      [1, 2, 4],
    );
    assert.equal((diagnostics[1]?.source as Json | undefined)?.text, "y /x");
    assert.equal(
      reported.every(({ type }) => typeof type === "string"),
      true,
    );
  }
});

test("invalid lines that only apply at boot are reported", () => {
  using place = new Place((tree) => [`d! ${tree} - - - 1dd`]);
  assert.match(place.explain([place.tree]).stderr, /own\.conf:1: error/);
});

test("a configuration file in the current directory is found by its name", () => {
  using place = new Place(() => ["d /nonexistent/z 0755 - - 10d"]);
  const settings = { cwd: place.path };
  for (const args of [
    ["explain", "--config=own.conf", "/x"],
    ["forecast", "--config=own.conf", place.tree],
    ["check", "own.conf"],
    ["clean", "-n", "own.conf"],
    ["create", "-n", "own.conf"],
    ["remove", "-n", "own.conf"],
    ["purge", "-n", "own.conf"],
  ]) {
    const { status, stdout, stderr } = mayfly(args, settings);
    assert.equal(status, 0, `${args}: ${stdout}${stderr}`);
  }
  // The drop-in looks where systemd-tmpfiles looks.
  const dropIn = mayfly(["tmpfiles", "--clean", "own.conf"], settings);
  assert.equal(dropIn.status, 1);
  assert.match(dropIn.stderr, /did you mean \.\/own\.conf\?/);
});

test("a missing configuration file is reported with the directories that were searched", () => {
  for (const args of [
    ["explain", "--config=nosuch.conf", "/x"],
    ["forecast", "--config=nosuch.conf"],
    ["clean", "nosuch.conf"],
    ["check", "nosuch.conf"],
  ]) {
    const { status, stderr, stdout } = mayfly(args);
    assert.notEqual(status, 0);
    assert.match(
      stderr + stdout,
      /nosuch\.conf: .*not found in \/etc\/tmpfiles\.d, .* or the current directory/,
    );
  }
  const missing = mayfly(["explain", "/x", "--config=./nosuch.conf"]);
  assert.match(missing.stderr, /nosuch\.conf: cannot be read: No such file or directory\n$/);
});

test("failures are JSON objects under --json", () => {
  for (const args of [
    ["explain", "--json", "--config=nosuch.conf", "/x"],
    ["explain", "--json", ""],
    ["explain", "--json", "--at=nonsense", "/x"],
    ["forecast", "--json", "--within=nonsense"],
  ]) {
    const { status, stdout, stderr } = mayfly(args);
    assert.notEqual(status, 0);
    assert.equal(stderr, "");
    const [failure] = jsonLines(stdout);
    assert.equal(failure?.type, "error");
    assert.equal(typeof failure?.message, "string");
  }
});

test("an empty path is an error", () => {
  const { status, stderr } = mayfly(["explain", ""]);
  assert.equal(status, 64);
  assert.match(stderr, /must not be empty/);
});

test("a line does not apply through a symlink to a directory", () => {
  using place = new Place();
  mkdirSync(join(place.path, "real"));
  symlinkSync("../real", join(place.tree, "link"));
  const path = join(place.path, "real/old");
  writeFileSync(path, "");
  writeFileSync(place.config, `q ${place.tree}/link - - - 30d\n`);
  for (const asked of [path, join(place.tree, "link/old")]) {
    const { stdout } = place.explain([asked]);
    assert.match(stdout, /tree\/link is a symlink, which the line does not follow/);
    assert.match(stdout, /own\.conf:1/);
    assert.doesNotMatch(stdout, /no line of the configuration/);
  }
  const cleaned = mayfly(["clean", "-v", place.config]);
  assert.match(cleaned.stdout + cleaned.stderr, /tree\/link: is a symlink/);
});

test("a socket of another network namespace is reported", {
  skip: isRoot && has("unshare") ? false : "needs root, for a network namespace",
}, async (t) => {
  using place = new Place();
  const socket = join(place.tree, "X2");
  const script = `require("node:net").createServer().listen(process.argv[1], () => console.log("listening"))`;
  const server = spawn("unshare", ["-n", process.execPath, "-e", script, socket], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => server.kill());
  await once(server.stdout, "data");
  const { stdout } = place.explain([socket], "--at=+20d");
  assert.match(stdout, /kept/);
  assert.match(stdout, /a process in another namespace listens on this socket \(pid \d+\)/);
  const older = place.explain([socket], "--at=+20d", "--assume-version=252").stdout;
  assert.match(older, /would be removed/);
  assert.match(older, /not protected: a socket of a process in another network namespace/);
});

test("an ordinary user's own configuration is used, with and without --user", {
  skip: cannotBeNobody,
}, () => {
  using place = new Place();
  start("chmod", ["-R", "a+rX", place.path]);
  const config = join(place.path, ".config/user-tmpfiles.d");
  mkdirSync(join(place.path, "Downloads"));
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, "a.conf"), "d %h/Downloads - - - 30d\n");
  const file = join(place.path, "Downloads/a");
  writeFileSync(file, "");
  start("chown", ["-R", `${NOBODY}`, place.path]);
  const ask = (...args: string[]): Json[] => {
    const command = `exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups "$@"`;
    const env = { HOME: place.path };
    const done = start("sh", ["-c", command, "sh", process.execPath, MAYFLY, ...args], { env });
    assert.equal(done.status, 0, done.stderr);
    return jsonLines(done.stdout);
  };
  for (const options of [[], ["--user"]]) {
    const [explained] = ask("explain", "--json", "--at=+40d", ...options, file);
    assert.equal(explained?.verdict, "remove");
    assert.equal(explained?.scope, "user");
    assert.match(((explained?.advice ?? []) as string[]).join("\n"), /user-tmpfiles\.d/);
    const total = ask("forecast", "--json", "--within=40d", ...options, place.path).at(-1);
    assert.equal(total?.entries, 1);
  }
});
