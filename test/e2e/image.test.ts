import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithTest } from "../children.js";
import { reference } from "../reference.js";
import { attachedTo, cannotMountImages, MB, makeImage } from "./disk-image.js";
import { MAYFLY, mayfly, Scratch, start } from "./program.js";

/** The inode of a path inside, read by debugfs(8) without the kernel. */
function statOf(image: string, path: string): string {
  return start("debugfs", ["-R", `stat ${path}`, image]).stdout;
}

test("an image with one file system uses its own configuration and accounts", {
  skip: cannotMountImages,
}, () => {
  using scratch = new Scratch();
  const image = makeImage(scratch.path, "plain.img", (tree) => {
    writeFileSync(join(tree, "usr/lib/tmpfiles.d/t.conf"), "d /var/made 0750 inside inside\nd /run/never\n");
  });
  const dry = mayfly(["tmpfiles", `--image=${image}`, "--create", "--dry-run"]);
  assert.deepEqual(dry, {
    status: 0,
    stdout: "",
    stderr: "Would create directory /run/systemd/mount-rootfs/var/made\n",
  });
  assert.match(statOf(image, "/var/made"), /^$/);
  assert.equal(mayfly(["tmpfiles", `--image=${image}`, "--create"]).status, 0);
  assert.match(statOf(image, "/var/made"), /Mode: +0750[\s\S]*User: +4242 +Group: +4243/);
  assert.equal(attachedTo(image), "");
  assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), /mount-rootfs/);
});

test("the partitions of a GPT are mounted as 262 mounts them", { skip: cannotMountImages }, (t) => {
  using scratch = new Scratch();
  const parts = ["root", "home", "var"].map((name) => makeImage(scratch.path, `${name}.part`));
  const types = [
    "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
    "933ac7e1-2eb4-4f13-b844-0e14e2aef915",
    "4d21b016-b534-45c2-a9fb-5c16e091fd2d",
  ];
  if (process.arch === "arm64") types[0] = "b921b045-1df0-41c3-af44-4c6f280d3fae";
  const image = join(scratch.path, "disk.img");
  const table = types.map((type, at) => `start=${1 + 16 * at}MiB, size=16MiB, type=${type}`).join("\n");
  writeFileSync(
    image,
    Buffer.concat([Buffer.alloc(MB), ...parts.map((part) => readFileSync(part)), Buffer.alloc(MB)]),
  );
  execFileSync("sh", ["-c", 'PATH=$PATH:/usr/sbin:/sbin sfdisk -q "$0"', image], {
    input: `label: gpt\n${table}\n`,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const lines = ["d /home/new", "d /var/new 0700", "f /etc/new - - - - text", "d /run/never", "d /tmp"];
  const run = (...args: string[]) =>
    mayfly(["tmpfiles", `--image=${image}`, "--create", ...args, "--inline", ...lines]);
  const real = reference();
  if (real.binary === undefined) t.diagnostic(real.missing);
  else {
    const theirs = start(real.binary, [`--image=${image}`, "--create", "-n", "--inline", ...lines]);
    assert.deepEqual(run("-n"), theirs);
  }
  assert.equal(run("--image-policy=root=verity").status, 1);
  assert.equal(run("--image-policy=root=unprotected:home=absent").status, 1);
  assert.equal(run().status, 0);
  const whole = readFileSync(image);
  const paths = ["/etc/new", "/new", "/new"];
  for (const [at, path] of paths.entries()) {
    const part = join(scratch.path, "after.part");
    writeFileSync(part, whole.subarray(MB * (1 + 16 * at), MB * (1 + 16 * (at + 1))));
    assert.match(statOf(part, path), /Inode:/, `${path} of partition ${at + 1}`);
  }
  assert.equal(attachedTo(image), "");
});

test("symlinks in an image resolve inside the image", { skip: cannotMountImages }, () => {
  using scratch = new Scratch();
  const image = makeImage(scratch.path, "evil.img", (tree) => {
    mkdirSync(join(tree, scratch.path), { recursive: true });
    symlinkSync(scratch.path, join(tree, "out"));
  });
  assert.equal(mayfly(["tmpfiles", `--image=${image}`, "--create", "--inline", "f /out/escaped"]).status, 0);
  assert.equal(existsSync(join(scratch.path, "escaped")), false);
  assert.match(statOf(image, join(scratch.path, "escaped")), /Inode:/);
});

test("an image of something else is refused as 262 refuses it", { skip: cannotMountImages }, (t) => {
  using scratch = new Scratch();
  const real = reference();
  if (real.binary === undefined) t.diagnostic(real.missing);
  const empty = join(scratch.path, "empty");
  writeFileSync(empty, Buffer.alloc(MB));
  const text = join(scratch.path, "text");
  writeFileSync(text, "hello\n");
  for (const image of [empty, text, scratch.path, join(scratch.path, "nothing")]) {
    const args = [`--image=${image}`, "--create", "--inline", "d /x"];
    const ours = mayfly(["tmpfiles", ...args]);
    assert.equal(ours.status, 1);
    if (real.binary !== undefined) assert.deepEqual(ours, start(real.binary, args));
  }
});

test("a run in an image ends with the process that started it", { skip: cannotMountImages }, async () => {
  using scratch = new Scratch();
  const image = makeImage(scratch.path, "orphan.img");
  const child = spawn(process.execPath, [MAYFLY, "tmpfiles", `--image=${image}`, "--create", "-"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  endWithTest(child);
  const inside = await until(() => (attachedTo(image) === "" ? undefined : childrenOf(child)[0]));
  process.kill(child.pid ?? 0, "SIGKILL");
  await until(() => (existsSync(`/proc/${inside}`) ? undefined : true));
  await until(() => (attachedTo(image) === "" ? true : undefined));
});

test("an image is released when all its processes are killed", { skip: cannotMountImages }, async () => {
  using scratch = new Scratch();
  const image = makeImage(scratch.path, "killed.img");
  const child = spawn(process.execPath, [MAYFLY, "tmpfiles", `--image=${image}`, "--create", "-"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  endWithTest(child);
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const inside = await until(() => (attachedTo(image) === "" ? undefined : childrenOf(child)[0]));
  process.kill(child.pid ?? 0, "SIGKILL");
  process.kill(inside, "SIGKILL");
  await exited;
  await until(() => (attachedTo(image) === "" ? true : undefined));
  assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), /mount-rootfs/);
});

function childrenOf({ pid }: ChildProcess): number[] {
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return listed
    .split(" ")
    .filter((each) => each !== "")
    .map(Number);
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 300; tries++) {
    const seen = look();
    if (seen !== undefined) return seen;
    await sleep(50);
  }
  throw new Error("it never came to be");
}
