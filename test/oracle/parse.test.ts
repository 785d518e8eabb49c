import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { reference } from "../reference.js";
import { scratch } from "../scratch.js";
import { configuration } from "./parse-arbitrary.js";
import { crafted } from "./parse-lines.js";
import { type Choice, engineOutcome, type Outcome, referenceOutcome } from "./parse-outcome.js";

const real = reference();
const skip = real.missing ?? false;
const CASES = Number(process.env.CASES ?? 150);
const HOST = { PATH: process.env.PATH ?? "", HOME: "/home/somebody" };

function both(choice: Choice): [ours: Outcome, theirs: Outcome] {
  return [engineOutcome(choice), referenceOutcome(real.binary ?? "", choice)];
}

function bothOf(
  content: string,
  file: string,
  choice: Partial<Choice> = {},
): [ours: Outcome, theirs: Outcome] {
  writeFileSync(file, content, "latin1");
  return both({ environment: HOST, ...choice, args: [file] });
}

test("lines written by hand are accepted and refused as by 262", { skip }, (t) => {
  const file = join(scratch(t), "lines.conf");
  for (const line of crafted) {
    const [ours, theirs] = bothOf(`${line}\n`, file, { boot: true });
    assert.deepEqual(ours, theirs, JSON.stringify(line));
  }
});

test("random configurations give the same items, conflicts and exit status", { skip }, (t) => {
  const file = join(scratch(t), "lines.conf");
  const prefix = fc.constantFrom("/mayfly/a", "/mayfly/a/", "/mayfly", "//mayfly/./b");
  const flags = fc.record(
    { boot: fc.boolean(), graceful: fc.boolean(), prefix },
    { requiredKeys: ["boot", "graceful"] },
  );
  fc.assert(
    fc.property(configuration, flags, (content, choice) => {
      const [ours, theirs] = bothOf(content, file, choice);
      assert.deepEqual(ours, theirs);
    }),
    { numRuns: CASES },
  );
});

test("a line of a mebibyte, a path of 5,000 bytes: the same exit status, but the other lines still run", {
  skip,
}, (t) => {
  const file = join(scratch(t), "lines.conf");
  for (const line of [`f /mayfly/a - - - - ${"x".repeat(1 << 20)}`, `d /${"x".repeat(5000)}`]) {
    const [ours, theirs] = bothOf(`d /mayfly/b\n${line}\nd /mayfly/c\n`, file);
    assert.equal(ours.status, theirs.status);
    assert.deepEqual(ours.wrong, [`${file}:2`]);
    assert.deepEqual(ours.items, ["d /mayfly/b", "d /mayfly/c"]);
    assert.deepEqual(theirs.items, []);
  }
});

const SPECIFIERS = [..."aAbBCDgGhHlLmMoqStTuUvVwW"];

test("specifiers have the values that 262 gives them", { skip }, (t) => {
  const root = scratch(t);
  mkdirSync(join(root, "etc"));
  const args = SPECIFIERS.map((letter) => `d /mayfly/%${letter}=%${letter}`);
  const xdg = { XDG_RUNTIME_DIR: "/run/user/7", XDG_STATE_HOME: "/state", XDG_CACHE_HOME: "relative" };
  const choices: Choice[] = [
    { environment: HOST },
    { environment: { ...HOST, TMPDIR: "/var", TEMP: "/usr" } },
    { environment: { ...HOST, TMPDIR: "/nowhere/at/all", TMP: "/usr/" } },
    { environment: { PATH: HOST.PATH } },
    { environment: { ...HOST, ...xdg }, user: true },
    { environment: { PATH: HOST.PATH }, user: true },
    { environment: { ...HOST, TMPDIR: "/var" }, root },
  ];
  const compare = (choice: Choice): void => {
    const [ours, theirs] = both({ ...choice, args, inline: true });
    assert.deepEqual(ours, theirs);
  };
  for (const choice of choices) compare(choice);
  const release =
    'ID=mayfly\n# no\nVERSION_ID="1 \\"2\\""\nBUILD_ID = b\nVARIANT_ID=a\\ b # c\nIMAGE_ID=\'$x\'\nID=other\n';
  writeFileSync(join(root, "etc/os-release"), release);
  for (const id of [
    "0123456789abcdef0123456789ABCDEF\n",
    "uninitialized\n",
    "",
    "0".repeat(32),
    "garbage\n",
  ]) {
    writeFileSync(join(root, "etc/machine-id"), id);
    compare({ environment: HOST, root });
  }
});

test("owners of a root are those of its own files", { skip }, (t) => {
  const root = scratch(t);
  const ask = (): void => {
    for (const name of [
      "root",
      "nobody",
      "daemon",
      "own",
      "vendor",
      "twice",
      "short",
      "big",
      "huge",
      "0",
      "77",
    ]) {
      for (const line of [`d /mayfly - ${name}`, `d /mayfly - - ${name}`, `d /mayfly 4755 :${name}`]) {
        for (const graceful of [false, true]) {
          const [ours, theirs] = both({ args: [line], inline: true, root, graceful, environment: HOST });
          assert.deepEqual(ours, theirs, line);
        }
      }
    }
  };
  ask();
  mkdirSync(join(root, "etc"));
  mkdirSync(join(root, "usr/lib"), { recursive: true });
  const entries =
    "own:x:1001:7::/:/x\nbad line\n# daemon:x:5:5\ntwice:x:5:5:::\ntwice:x:6:5:::\nshort:x:5\nbig:x:4294967295:1:::\nhuge:x:99999999999:1:::\n";
  for (const file of ["passwd", "group"]) {
    writeFileSync(join(root, "etc", file), entries);
    writeFileSync(join(root, "usr/lib", file), "vendor:x:77:77::/:/x\n");
  }
  ask();
});

/** A root with configuration in each directory; paths that end in `->` are links. */
function layOut(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const link = path.endsWith("->");
    const at = join(root, link ? path.slice(0, -2) : path);
    mkdirSync(dirname(at), { recursive: true });
    if (link) symlinkSync(content, at);
    else writeFileSync(at, content);
  }
}

const etc = "etc/tmpfiles.d";
const vendor = "usr/lib/tmpfiles.d";
const TREES: readonly Readonly<Record<string, string>>[] = [
  {},
  { [`${etc}/a.conf`]: "d /etc-a\n", [`${vendor}/a.conf`]: "d /lib-a\n", [`${vendor}/b.conf`]: "d /lib-b\n" },
  {
    [`${etc}/b.conf`]: "",
    [`${vendor}/b.conf`]: "d /b\n",
    "run/tmpfiles.d/B.conf": "d /B\n",
    [`${etc}/.h.conf`]: "d /h",
  },
  {
    [`${etc}/b.conf->`]: "/dev/null",
    [`${vendor}/b.conf`]: "d /b\n",
    "usr/local/lib/tmpfiles.d/c.conf": "d /c\n",
  },
  {
    [`${etc}/b.conf->`]: "/nowhere",
    [`${vendor}/b.conf`]: "d /b\n",
    [`${etc}/x`]: "d /x",
    [`${etc}/c.conf/d`]: "",
  },
  { [`${etc}/a.conf->`]: "../../usr/lib/tmpfiles.d/b.conf", [`${vendor}/b.conf`]: "d /b\nbogus\n" },
  { [`${etc}/a.conf`]: "f~ /a - - - - !\nd /b\n", [`${vendor}/b.conf`]: "d /c\n" },
  {
    [`${vendor}/a.conf`]: "d /a 0755\n",
    [`${vendor}/b.conf`]: "d /a 0700\nd /a 0755\nd! /b 1\n",
    [`${vendor}/c.conf`]: "d /b 2\n",
  },
];

test("configuration comes from the same files in the same order", { skip }, (t) => {
  const choices: Partial<Choice>[] = [
    {},
    { boot: true },
    { args: ["a.conf"] },
    { args: ["b.conf", "a.conf"] },
    { args: ["c.conf"] },
    { args: ["a"] },
    ...[
      "/etc/tmpfiles.d/a.conf",
      "/usr/lib/tmpfiles.d/b.conf",
      "/usr/lib/tmpfiles.d/aa.conf",
      "/else/z.conf",
    ].map((replace) => ({ replace, args: ["d /given", "wrong"], inline: true })),
  ];
  for (const tree of TREES) {
    const root = scratch(t);
    layOut(root, tree);
    for (const choice of choices) {
      const [ours, theirs] = both({ environment: HOST, ...choice, root });
      assert.deepEqual(ours, theirs, `${JSON.stringify(tree)} ${JSON.stringify(choice)}`);
    }
  }
});

test("an invalid root stops everything", { skip }, (t) => {
  const root = scratch(t);
  writeFileSync(join(root, "file"), "");
  for (const name of ["missing", "file"]) {
    for (const choice of [{}, { args: ["d /mayfly"], inline: true }]) {
      const [ours, theirs] = both({ environment: HOST, ...choice, root: join(root, name) });
      assert.deepEqual(ours, theirs, name);
    }
  }
});

test("a user's configuration comes from the same directories", { skip }, (t) => {
  const home = scratch(t);
  const name = "user-tmpfiles.d/own.conf";
  layOut(home, {
    [`.config/${name}`]: "d /home-config\n",
    [`.local/share/${name}`]: "d /home-data\n",
    [`config/${name}`]: "d /config\n",
    [`run/${name}`]: "d /run\n",
    [`data/${name}`]: "d /data\n",
    [`one/${name}`]: "d /one\n",
    "two/user-tmpfiles.d/other.conf": "d /two\n",
  });
  const at = (path: string): string => join(home, path);
  const environments: Record<string, string>[] = [
    { HOME: home },
    { HOME: home, XDG_CONFIG_HOME: "relative" },
    { HOME: home, XDG_CONFIG_HOME: at("config"), XDG_DATA_HOME: at("data") },
    { XDG_RUNTIME_DIR: at("run"), XDG_DATA_HOME: at("data") },
    { XDG_RUNTIME_DIR: "run", XDG_CONFIG_DIRS: `${at("one")}:${at("two")}`, XDG_DATA_DIRS: "" },
    { HOME: "relative", XDG_CONFIG_DIRS: at("two"), XDG_DATA_DIRS: `:${at("one")}/:` },
  ];
  for (const environment of environments) {
    const [ours, theirs] = both({ user: true, environment: { PATH: HOST.PATH, ...environment } });
    assert.deepEqual(ours, theirs, JSON.stringify(environment));
  }
});

test("credentials are lines and contents", { skip }, (t) => {
  const directory = scratch(t);
  const file = join(directory, "a.conf");
  writeFileSync(file, "d /a\n");
  writeFileSync(join(directory, "secret"), "c2VjcmV0");
  mkdirSync(join(directory, "folder"));
  const compare = (choice: Omit<Choice, "environment">, value = directory): void => {
    const environment = { ...HOST, CREDENTIALS_DIRECTORY: value };
    const [ours, theirs] = both({ ...choice, environment });
    assert.deepEqual(ours, theirs, `${value} ${JSON.stringify(choice)}`);
  };
  for (const extra of ["", "d /extra\nd /a 0700\n", "bogus\n", "f~ /x - - - - !\n"]) {
    writeFileSync(join(directory, "tmpfiles.extra"), extra);
    compare({ args: [file] });
  }
  rmSync(join(directory, "tmpfiles.extra"));
  for (const line of [
    "f^ /a - - - - secret",
    "f^~ /a - - - - secret",
    "f^ /a - - - - none",
    "L^ /a - - - - secret",
    "d^ /a",
    "c^ /a - - - - 1:3",
    "f^ /a - - - - folder",
    "x^ /a",
    "f^~ /a - - - - none",
  ]) {
    compare({ args: [line, "d /b"], inline: true });
  }
  for (const name of ["a b", "a~", ".", "..", "...", "a:b", "\xc3\xa9", `"`]) {
    compare({ args: [`w^ /a - - - - ${name}`], inline: true });
  }
  for (const value of ["", "relative", "/a/../b", `${directory}//`]) compare({ args: [file] }, value);
});
