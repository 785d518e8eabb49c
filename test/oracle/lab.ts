import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NOBODY } from "../ordinary-user.js";
import { makeScratch, removeScratch } from "../scratch.js";
import { baseOf, type Case, textOf } from "./case.js";
import { setTimes } from "./libc.js";
import { build, type Held, release } from "./tree.js";

export interface Copy {
  readonly at: Buffer;
  readonly held: Held;
}

export interface Lab {
  readonly folder: string;
  readonly copies: readonly [Copy, Copy];
  /** Times from here on are new. */
  readonly since: bigint;
  close(): void;
}

const OLD = 1_000_000_000_123_456_789n;

/** What lines may copy from and symlinks may lead to, beside the tree. */
function furnish(at: string, one: Case): void {
  mkdirSync(join(at, "source/deep"), { recursive: true });
  writeFileSync(join(at, "source/file"), "source\n", { mode: 0o640 });
  writeFileSync(join(at, "source/deep/down"), "deep\n", { mode: 0o604 });
  chmodSync(join(at, "source/deep"), 0o750);
  symlinkSync("file", join(at, "source/link"));
  mkdirSync(join(at, "outside"));
  writeFileSync(join(at, "outside/file"), "canary\n");
  mkdirSync(join(at, "creds"), { mode: 0o755 });
  writeFileSync(join(at, "creds/greeting"), "good day\n");
  writeFileSync(join(at, "creds/encoded"), "Z29vZCBkYXk=");
  const base = baseOf(Buffer.from(at), one);
  if (one.extra.length > 0)
    writeFileSync(join(at, "creds/tmpfiles.extra"), textOf(one.extra, base), "latin1");
  mkdirSync(join(at, "conf"));
  for (const file of one.files) {
    const folder = file.place === "argument" ? join(at, "conf") : join(at, file.place);
    mkdirSync(folder, { recursive: true });
    rmSync(join(folder, file.name), { force: true });
    if (file.masked) symlinkSync("/dev/null", join(folder, file.name));
    else writeFileSync(join(folder, file.name), textOf(file.lines, base), "latin1");
  }
  if (one.rooted) {
    mkdirSync(join(at, "etc"), { recursive: true });
    writeFileSync(join(at, "etc/passwd"), "root:x:0:0::/root:/bin/sh\nnobody:x:4321:4321::/:/bin/sh\n");
    writeFileSync(join(at, "etc/group"), "root:x:0:\nnogroup:x:4322:\n");
  }
  for (const path of ["source/file", "source/deep/down", "source/deep", "source", "outside/file", "outside"])
    setTimes(Buffer.from(join(at, path)), OLD, OLD);
}

function openCopy(at: string, one: Case, now: bigint): Copy {
  mkdirSync(at);
  furnish(at, one);
  const held = build(Buffer.from(at), baseOf(Buffer.from(at), one), one.entries, now);
  if (one.unprivileged) chownSync(join(at, "tree"), NOBODY, NOBODY);
  return { at: Buffer.from(at), held };
}

export function openLab(one: Case): Lab {
  const folder = makeScratch(one.disk);
  chmodSync(folder, 0o755);
  const now = BigInt(Date.now()) * 1_000_000n;
  const first = openCopy(join(folder, "a"), one, now);
  const second = openCopy(join(folder, "b"), one, now);
  const close = (): void => {
    for (const copy of [first, second]) release(copy.held);
    removeScratch(folder);
  };
  return { folder, copies: [first, second], since: now - 1_000_000_000n, close };
}
