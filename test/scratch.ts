/**
 * Directories for tests. Each is removed with its test; if the test is killed, by the runner, which knows the directories
 * of its run by their names.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFileFlags, unmount } from "./oracle/libc.js";

/** The environment variable that all processes of a run inherit; helpers that start with a plain environment pass it on. */
export const MARK = "MAYFLY_TEST_RUN";

/** A part of the name of everything that a test creates in a shared directory. */
export function markOfRun(): string {
  return process.env[MARK] ?? "by-hand";
}

/** The shared directories in which tests create files: the runner searches them for leftovers. */
const SHARED = ["/tmp", "/var/tmp", "/dev/shm", "/run", "/var"];
const sharedPlaces = (): string[] => [...new Set([...SHARED, tmpdir()])];

/** The directory, removed at the end of `t`: a test, or `{ after }` of node:test for a whole file. */
export function scratch(t: { after(work: () => void): void }, below?: string): string {
  const path = makeScratch(below);
  t.after(() => removeScratch(path));
  return path;
}

/** The same outside of a test; the caller removes it. */
export function makeScratch(below = tmpdir()): string {
  if (!sharedPlaces().includes(below)) throw new Error(`the runner does not search ${below} for leftovers`);
  return mkdtempSync(join(below, `mayfly-test-${markOfRun()}-`));
}

/** Removes the directory at any depth, with mounts, loop devices and immutable files. */
export function removeScratch(path: string): void {
  for (const target of mountsBelow(path)) unmount(Buffer.from(target, "latin1"));
  for (const device of loopDevicesOf(path)) spawnSync("losetup", ["--detach", device]);
  const remove = () => spawnSync("rm", ["-rf", "--", path], { encoding: "utf8" });
  if (remove().status === 0) return;
  thaw(Buffer.from(path));
  const { status, stderr } = remove();
  if (status !== 0) throw new Error(`cannot remove a scratch directory: ${stderr}`);
}

/** Removes what the tests of a run left in the shared directories, after its processes have ended. Returns the paths. */
export function removeLeftovers(run: string): string[] {
  const left = sharedPlaces()
    .filter(existsSync)
    .flatMap((place) =>
      readdirSync(place)
        .filter((name) => name.includes(`-${run}-`))
        .map((name) => join(place, name)),
    );
  for (const path of left) {
    try {
      removeScratch(path);
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    }
  }
  return left;
}

/** The mount points at or below the path, the last mounted first. Latin-1: names are bytes. */
function mountsBelow(path: string): string[] {
  const rows = readFileSync("/proc/self/mountinfo", "latin1").trimEnd().split("\n");
  const plain = (text: string): string =>
    text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return rows
    .map((row) => plain(row.split(" ")[4] ?? ""))
    .filter((target) => isAtOrBelow(target, path))
    .reverse();
}

function loopDevicesOf(path: string): string[] {
  if (!existsSync("/sys/block")) return [];
  return readdirSync("/sys/block")
    .filter((name) => {
      const file = `/sys/block/${name}/loop/backing_file`;
      return existsSync(file) && isAtOrBelow(readFileSync(file, "latin1").trimEnd(), path);
    })
    .map((name) => `/dev/${name}`);
}

const isAtOrBelow = (path: string, top: string): boolean => path === top || path.startsWith(`${top}/`);

/** Clears what keeps the owner from removing a tree: attributes of chattr(1), and modes of directories. */
function thaw(top: Buffer): void {
  const pending = [top];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const stat = lstatSync(path);
    if (!stat.isFile() && !stat.isDirectory()) continue;
    clearAttributes(path);
    if (!stat.isDirectory()) continue;
    chmodSync(path, 0o700);
    for (const name of readdirSync(path, { encoding: "buffer" }))
      pending.push(Buffer.concat([path, Buffer.from("/"), name]));
  }
}

function clearAttributes(path: Buffer): void {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return; // A file that even its owner cannot open needs no more than the directory to be writable.
  }
  try {
    setFileFlags(fd, 0);
  } catch {
    // The file system has no attributes, or only root may change them.
  } finally {
    closeSync(fd);
  }
}
