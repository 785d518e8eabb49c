/** New inodes appear complete or not at all, and what a killed run left is found again. */
import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { failedWith } from "#src/base/errors.js";
import { makeUnderTemporaryName, makeUnnamed } from "#src/path/whole.js";
import { temporaryName } from "#src/path/workplace.js";
import { Fd, flock, LOCK_EX, mkdirat, O_DIRECTORY, O_PATH, O_RDONLY, openat } from "#src/sys/files.js";
import { chmod } from "#src/sys/inode.js";
import { writeAll } from "#src/sys/write.js";
import { scratch } from "../../scratch.js";

const NAME = bytes("name");

function holding(directory: string, act: (dir: Fd) => void): void {
  using dir = openat(Fd.cwd, bytes(directory), O_PATH | O_DIRECTORY);
  act(dir);
}

const makeDirectory = (dir: Fd, name: Bytes): undefined => void mkdirat(dir, name, 0o700);

test("a file has no name until its content, owner and mode are set", (t) => {
  const directory = scratch(t);
  holding(directory, (dir) => {
    const whole = makeUnnamed(dir, NAME, 0o600, {
      fill: (fd) => writeAll(fd, bytes("content")),
      adjust: (fd) => {
        assert.deepEqual(readdirSync(directory), []);
        chmod(fd, 0o640);
      },
    });
    if (whole === undefined) return t.skip("the file system makes no unnamed files");
    whole.fd.close();
    assert.equal(readFileSync(`${directory}/name`, "utf8"), "content");
    assert.equal(lstatSync(`${directory}/name`).mode & 0o7777, 0o640);
  });
});

test("a directory gets its name once owner and mode are set", (t) => {
  const directory = scratch(t);
  holding(directory, (dir) => {
    const whole = makeUnderTemporaryName(dir, NAME, makeDirectory, {
      adjust: (fd) => {
        assert.match(readdirSync(directory).join(), /^\.mayfly-[0-9a-f]{16}$/);
        chmod(fd, 0o711);
      },
    });
    whole?.fd.close();
    assert.deepEqual(readdirSync(directory), ["name"]);
    assert.equal(lstatSync(`${directory}/name`).mode & 0o7777, 0o711);
  });
});

test("nothing appears if writing the content fails, and existing files are not replaced", (t) => {
  const directory = scratch(t);
  holding(directory, (dir) => {
    const fill = (): void => {
      throw new Error("no content");
    };
    assert.throws(() => makeUnnamed(dir, NAME, 0o600, { fill, adjust: () => {} }), /no content/);
    assert.throws(
      () => makeUnderTemporaryName(dir, NAME, makeDirectory, { fill, adjust: () => {} }),
      /no content/,
    );
    assert.deepEqual(readdirSync(directory), []);
    const adjust = (): void => writeFileSync(`${directory}/name`, "a stranger's");
    const raced = (error: Error): boolean => failedWith(error, "EEXIST");
    assert.throws(() => makeUnderTemporaryName(dir, NAME, makeDirectory, { adjust }), raced);
    assert.throws(() => makeUnnamed(dir, NAME, 0o600, { adjust }), raced);
    assert.deepEqual(readdirSync(directory), ["name"]);
    assert.equal(readFileSync(`${directory}/name`, "utf8"), "a stranger's");
  });
});

test("a file appears even if its owner cannot be set, and the failure is reported", (t) => {
  const directory = scratch(t);
  holding(directory, (dir) => {
    const adjust = (): void => {
      throw new Error("not mine to give");
    };
    const whole = makeUnderTemporaryName(dir, NAME, makeDirectory, { adjust });
    whole?.fd.close();
    assert.match(String(whole?.failure), /not mine to give/);
    assert.deepEqual(readdirSync(directory), ["name"]);
  });
});

test("leftovers of a killed run are removed unless they are locked", (t) => {
  const directory = scratch(t);
  holding(directory, (dir) => {
    const usual = temporaryName(dir, NAME);
    const left = `${directory}/${usual}`;
    mkdirSync(`${left}/sub`, { recursive: true });
    writeFileSync(`${left}/sub/file`, "");
    using lock = openat(dir, usual as Bytes, O_RDONLY | O_DIRECTORY);
    flock(lock, LOCK_EX);
    assert.match(String(temporaryName(dir, NAME)), /^\.mayfly-[0-9a-f]{16}-[0-9a-f]{16}$/);
    lock.close();
    assert.equal(temporaryName(dir, NAME), usual);
    assert.deepEqual(readdirSync(directory), []);
    symlinkSync("/nowhere", left);
    assert.equal(temporaryName(dir, NAME), usual);
    assert.deepEqual(readdirSync(directory), []);
  });
});
