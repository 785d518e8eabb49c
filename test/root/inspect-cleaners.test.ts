/** The line to which a removal is attributed, and the cleaners whose command lines are trusted. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { WatchEvent } from "#src/inspect/index.js";
import { bind } from "#src/sys/ffi.js";
import { MAYFLY } from "../e2e/program.js";
import { scratch } from "../scratch.js";
import { NEEDS_NAMES, watching } from "../unit/inspect/watching.js";

const skip = NEEDS_NAMES;
const NOBODY = 65534;

function old(path: string): string {
  writeFileSync(path, "");
  utimesSync(path, 1_000_000_000, 1_000_000_000);
  return path;
}

/** The removal of `path` while Mayfly runs with these arguments. */
async function removal(
  watched: string,
  path: string,
  args: readonly string[],
  input = "",
): Promise<WatchEvent> {
  const { events } = await watching(watched, async () => {
    const cleaner = spawn(process.execPath, [MAYFLY, ...args], { stdio: ["pipe", "ignore", "inherit"] });
    cleaner.stdin.end(input);
    await once(cleaner, "exit");
  });
  const found = events.find(({ op, path: removed }) => op === "delete" && removed === path);
  assert.ok(found, `${path} was not removed by ${args.join(" ")}`);
  return found;
}

test("a removal is attributed to the line on the command line", { skip }, async (t) => {
  const dir = scratch(t);
  const line = `d ${dir} - - - mM:10d`;
  for (const args of [
    ["clean", "--inline", line],
    ["clean", "--inl", "--", line],
    ["tmpfiles", "--clean", "--inline", line],
  ]) {
    const found = await removal(dir, old(join(dir, "f")), args);
    assert.deepEqual(found.line, { file: "(argument)", line: 1, text: line });
    assert.equal(found.decisive?.timestamp, "mtime");
    assert.equal(found.advice, undefined, "no file keeps what a command line names");
  }
});

test("a removal is attributed to the line with an age, within the prefix", { skip }, async (t) => {
  const dir = scratch(t);
  const config = join(scratch(t), "app.conf");
  writeFileSync(
    config,
    `q ${dir} - - - -\nd ${dir}/sub - - - mM:10d\nd ${dir}/other - - - mM:1d\nR ${dir}/glob-*\n`,
  );
  for (const name of ["sub", "other"]) mkdirSync(join(dir, name));
  const sub = await removal(dir, old(join(dir, "sub/f")), ["clean", `--prefix=${dir}/sub`, config]);
  assert.equal(sub.line?.line, 2);
  const other = await removal(dir, old(join(dir, "other/f")), [
    ...["clean", "--exclude-prefix", join(dir, "sub"), config],
  ]);
  assert.equal(other.line?.line, 3);
  mkdirSync(join(dir, "glob-1"));
  const glob = await removal(dir, old(join(dir, "glob-1/f")), ["remove", config]);
  assert.equal(glob.line?.line, 4);
});

test("a removal below another root is attributed to its line", { skip }, async (t) => {
  const root = scratch(t);
  mkdirSync(join(root, "etc/tmpfiles.d"), { recursive: true });
  mkdirSync(join(root, "tmp"));
  writeFileSync(join(root, "etc/tmpfiles.d/a.conf"), "d /tmp - - - mM:10d\n");
  const file = old(join(root, "tmp/f"));
  const found = await removal(root, file, ["clean", `--root=${root}`]);
  assert.equal(found.line?.file, join(root, "etc/tmpfiles.d/a.conf"));
  assert.equal(found.line?.line, 1);
  chownSync(join(root, "etc"), NOBODY, NOBODY);
  const stranger = await removal(root, old(file), ["clean", `--root=${root}`]);
  assert.equal(stranger.line, undefined);
  assert.match(stranger.lineUnknown ?? "", /is writable by users other than root/);
});

test("if the configuration is unknown, this is reported instead of a line", { skip }, async (t) => {
  const dir = scratch(t);
  const file = join(dir, "f");
  const piped = await removal(dir, old(file), ["clean", "-"], `d ${dir} - - - mM:10d\n`);
  assert.deepEqual(
    [piped.line, piped.lineUnknown],
    [undefined, "its configuration came from standard input"],
  );
  const config = join(scratch(t), "strange.conf");
  writeFileSync(config, `d ${dir} - - - mM:10d\n`);
  chmodSync(config, 0o666);
  const strange = await removal(dir, old(file), ["clean", config]);
  assert.deepEqual(strange.line, undefined);
  assert.match(strange.lineUnknown ?? "", /strange\.conf is writable by users other than root/);
});

/** A program under a cleaner's name: it removes the last path on its command line, and ignores the rest. */
interface Impostor {
  readonly program: string;
  readonly args: readonly string[];
  readonly inherited?: number;
}

/** Each lays out an impostor in `tools`. A program can choose its name, its arguments and, as here, what it is made of. */
const DISGUISES: Readonly<Record<string, (tools: string) => Impostor>> = {
  "Node by a symlink": (tools) => {
    const [program, script] = ["systemd-tmpfiles", "impostor.js"].map((name) => join(tools, name));
    symlinkSync(process.execPath, `${program}`);
    writeFileSync(`${script}`, "require('node:fs').unlinkSync(process.argv.at(-1));");
    return { program: `${program}`, args: [`${script}`] };
  },
  "a renamed binary": (tools) => {
    const program = join(tools, "systemd-tmpfiles");
    copyFileSync(PERL, program);
    return { program, args: [perlScript(tools)] };
  },
  "a hard link": (tools) => {
    const program = join(tools, "systemd-tmpfiles.standalone");
    copyFileSync(PERL, join(tools, "perl"));
    linkSync(join(tools, "perl"), program);
    return { program, args: [perlScript(tools)] };
  },
  "a script": (tools) => {
    const program = join(tools, "systemd-tmpfiles");
    writeFileSync(program, `#!${PERL}\n${UNLINK}`, { mode: 0o755 });
    return { program, args: [] };
  },
  "an executable in memory": (tools) => {
    const inherited = memfdCreate(Buffer.from("/usr/bin/systemd-tmpfiles\0"), 0);
    assert.ok(inherited >= 0);
    writeFileSync(inherited, readFileSync(PERL));
    return { program: "/proc/self/fd/3", args: [perlScript(tools)], inherited };
  },
};

/** Without seals, so that it can be executed. */
const memfdCreate = bind<[Buffer, number], number>("int memfd_create(const void *name, unsigned int flags)");
const PERL = "/usr/bin/perl";
const UNLINK = "unlink $ARGV[-1];";

function perlScript(tools: string): string {
  const script = join(tools, "impostor.pl");
  writeFileSync(script, UNLINK);
  return script;
}

async function runImpostor(
  { program, args, inherited }: Impostor,
  uid: number,
  more: readonly string[],
): Promise<void> {
  const stdio = ["ignore", "inherit", "inherit", ...(inherited === undefined ? [] : [inherited])] as const;
  const settings = { uid, gid: uid, argv0: "systemd-tmpfiles", stdio: [...stdio] };
  await once(spawn(program, [...args, ...more], settings), "exit");
}

for (const [what, disguise] of Object.entries(DISGUISES))
  for (const [whose, uid] of [
    ["an ordinary user's", NOBODY],
    ["root's, from a directory of an ordinary user's", 0],
  ] as const)
    test(`${whose} program called systemd-tmpfiles, ${what}, is not trusted, and no file is opened for it`, {
      skip: skip || (existsSync(PERL) ? false : `needs ${PERL}`),
    }, async (t) => {
      const dir = scratch(t);
      const tools = scratch(t);
      chmodSync(dir, 0o1777);
      chmodSync(tools, 0o755);
      const impostor = disguise(tools);
      const fifo = join(tools, "fifo");
      assert.equal(spawnSync("mkfifo", [fifo]).status, 0);
      chownSync(tools, NOBODY, NOBODY);
      const configs = [fifo, "/dev/zero", `--root=${tools}`, join(tools, "none.conf")];
      const { events } = await watching(dir, async () => {
        for (const [at, config] of configs.entries()) {
          const file = join(dir, `f${at}`);
          writeFileSync(file, "");
          chownSync(file, NOBODY, NOBODY);
          await runImpostor(impostor, uid, ["--remove", config, file]);
        }
        writeFileSync(join(dir, "last"), "");
        unlinkSync(join(dir, "last"));
      });
      if (impostor.inherited !== undefined) closeSync(impostor.inherited);
      const removed = events.filter(({ op }) => op === "delete");
      assert.equal(removed.length, configs.length + 1);
      for (const { line, lineUnknown } of removed)
        assert.deepEqual([line, lineUnknown], [undefined, undefined]);
    });
