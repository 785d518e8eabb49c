/** A directory that is exchanged with one outside of --root does not let `..` leave the root. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { Fd, O_DIRECTORY, O_RDONLY, openat } from "#src/sys/files.js";
import { differences, snapshot } from "../oracle/snapshot.js";
import { openWorker } from "../oracle/subject.js";
import { makeScratch, removeScratch } from "../scratch.js";
import { startAttacker } from "./attacker.js";

const SWAPS = Number(process.env.SWAPS ?? 2_000);
const ROUNDS = 10;
const SECRET = "secret!";

/**
 * `tree` is the root. In it, `a/b/link` leads to `../..`: to the root itself, or to `outside`, where the same names are,
 * once `a/b` has been exchanged with `outside/pub/b`. All of it has one owner, so that nothing but the bounds of the root
 * protects what is outside.
 */
interface Place {
  readonly folder: string;
  readonly tree: string;
  readonly outside: string;
  rebuild(): void;
  close(): void;
}

function fill(directory: string, content: string): void {
  mkdirSync(join(directory, "dir"), { recursive: true });
  for (const name of ["secret", "s2", "dir/in"]) writeFileSync(join(directory, name), content);
}

function openPlace(): Place {
  const folder = makeScratch("/var/tmp");
  const [tree, outside] = [join(folder, "tree"), join(folder, "outside")];
  fill(outside, SECRET);
  const rebuild = (): void => {
    const next = join(folder, "next");
    fill(next, "decoy");
    for (const b of [join(next, "a/b"), join(outside, "pub/b")]) {
      rmSync(b, { recursive: true, force: true });
      mkdirSync(b, { recursive: true });
      symlinkSync("../..", join(b, "link"));
    }
    rmSync(tree, { recursive: true, force: true });
    renameSync(next, tree);
  };
  rebuild();
  return { folder, tree, outside, rebuild, close: () => removeScratch(folder) };
}

async function underAttack(
  { tree, outside, rebuild }: Place,
  act: () => Promise<unknown> | unknown,
): Promise<{ harm: string[]; swaps: number }> {
  const since = BigInt(Date.now() - 1000) * 1_000_000n;
  const look = () => snapshot(Buffer.from(join(outside, "dir")), since);
  const rest = (): string[] => ["secret", "s2"].filter((name) => !isUntouched(join(outside, name)));
  look();
  const before = look();
  let swaps = 0;
  let harm: string[] = [];
  for (let rounds = 0; (swaps < SWAPS || rounds < ROUNDS) && harm.length === 0; ) {
    const attacker = await startAttacker([join(tree, "a/b"), join(outside, "pub/b")]);
    for (let n = 0; n < 10 && harm.length === 0; n++, rounds++) {
      await act();
      const made = ["made", "copy"].filter((name) => existsSync(join(outside, name)));
      harm = [...differences(before, look()), ...rest(), ...made, ...leaked(join(tree, "copy"))];
    }
    swaps += await attacker.stop();
    rebuild();
  }
  return { harm, swaps };
}

function isUntouched(path: string): boolean {
  return existsSync(path) && readFileSync(path, "utf8") === SECRET;
}

function leaked(copy: string): string[] {
  const found = [copy, join(copy, "in")].filter((path) => {
    try {
      return isUntouched(path);
    } catch {
      return false;
    }
  });
  rmSync(copy, { recursive: true, force: true });
  return found;
}

async function withPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const place = openPlace();
  try {
    await use(place);
  } finally {
    place.close();
  }
}

/** What `a/b/../../secret` holds, step by step. */
function readByParents(tree: string): string {
  using b = openat(Fd.cwd, bytes(join(tree, "a/b")), O_DIRECTORY);
  using a = openat(b, bytes(".."), O_DIRECTORY);
  using root = openat(a, bytes(".."), O_DIRECTORY);
  using secret = openat(root, bytes("secret"), O_RDONLY);
  return readFileSync(secret.number, "utf8");
}

test("control: a walk that opens .. leaves the root", () =>
  withPlace(async (place) => {
    let read = "";
    await underAttack(place, () => {
      for (let n = 0; n < 2000 && read !== SECRET; n++) read = readByParents(place.tree);
    });
    assert.equal(read, SECRET);
  }));

const LINES: Readonly<Record<string, readonly [operation: string, ...lines: string[]]>> = {
  "the source of C": [
    "--create",
    "C+ /copy - - - - /a/b/link/secret",
    "C+ /copy/x - - - - /a/b/link/dir",
    "C+ /copy - - - - /a/b/../../s2",
  ],
  "what is made": [
    "--create",
    "f+ /a/b/link/made - - - - x",
    "d /a/b/link/copy",
    "L+ /a/b/link/made - - - - x",
  ],
  "what is made as a special file or a subvolume": [
    "--create",
    "p+ /a/b/link/made",
    "c+ /a/b/link/made - - - - 1:3",
    "b+ /a/b/link/copy - - - - 7:99",
    "v /a/b/link/copy",
    "Q /a/b/../../made",
  ],
  "what is truncated": ["--create", "F /a/b/link/secret - - - - x", "f= /a/b/../../s2"],
  "what is adjusted besides modes": [
    "--create",
    "a+ /a/b/link/dir/in - - - - u:1:r",
    "A+ /a/b/link/dir - - - - u:1:r",
    "h /a/b/link/dir/in - - - - +d",
    "H /a/b/link/dir - - - - +d",
    "T /a/b/link/dir - - - - user.x=y",
    "m /a/b/link/dir 0777",
  ],
  "what is emptied": ["--remove", "D /a/b/link/dir", "D! /a/b/../../dir"],
  "what is purged": ["--purge", "d$ /a/b/link/dir", "f$ /a/b/link/secret", "d$ /a/b/../../dir"],
  "what is written": ["--create", "w /a/b/link/secret - - - - x", "f+ /a/b/link/s2 - - - - x"],
  "what is adjusted": [
    "--create",
    "z /a/b/link/secret 0777",
    "Z /a/b/link/dir 0777",
    "e /a/b/link/dir 0777",
    "t /a/b/link/dir/in - - - - user.x=y",
  ],
  "what a pattern matches": [
    "--create",
    "z /a/b/link/s* 0777",
    "z /a/*/link/dir/* 0777",
    "z /a/b/../../s* 0777",
  ],
  "what is removed": [
    "--remove",
    "r /a/b/link/secret",
    "R /a/b/link/dir",
    "r /a/b/link/s*",
    "R /a/b/../../dir",
  ],
  "what is cleaned": [
    "--clean",
    "d /a/b/link/dir - - - 0",
    "R /a/b/link/secret - - - 0",
    "e /a/b/*/d* - - - 0",
  ],
};

for (const [what, [operation, ...lines]] of Object.entries(LINES))
  test(`below --root, ${what} stays inside while directories move`, (t) =>
    withPlace(async (place) => {
      const worker = openWorker({}, false);
      const file = join(place.folder, "race.conf");
      // Several times, since each is a chance.
      writeFileSync(file, `${Array.from({ length: 8 }, () => lines.join("\n")).join("\n")}\n`);
      const args = [`--root=${place.tree}`, operation, file];
      try {
        const { harm, swaps } = await underAttack(place, async () => {
          const { status, output } = await worker.run({
            args,
            environment: {},
            input: "",
            unprivileged: false,
          });
          if (status !== 0 && status !== 73) throw new Error(`status ${status}: ${output}`);
        });
        assert.deepEqual(harm, []);
        t.diagnostic(`${swaps} swaps`);
        assert.ok(swaps >= SWAPS);
      } finally {
        worker.close();
      }
    }));
