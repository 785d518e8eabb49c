import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { errnoName, SUCCESS } from "#src/sys/ffi.js";
import { Fd, flock, LOCK_EX, LOCK_NB, O_RDONLY, openat } from "#src/sys/files.js";
import { Listing } from "#src/sys/listing.js";
import { ENOENT } from "#src/sys/scan.js";
import type { Detail } from "#src/tmpfiles/ageing/entry-context.js";
import { EntryCursor } from "#src/tmpfiles/ageing/entry-cursor.js";
import { NO_LINES } from "#src/tmpfiles/ageing/line-index.js";
import { realWalkEffects } from "#src/tmpfiles/ageing/walk-effects.js";
import { ANY_AGE } from "#src/tmpfiles/ageing/walker.js";

function withCursor(act: (cursor: EntryCursor, path: string) => void, unitKeeper?: () => Detail): void {
  const path = mkdtempSync(join(tmpdir(), "entry-cursor-"));
  using dir = openat(Fd.cwd, bytes(path), O_RDONLY);
  const within = { path: dir.path, depth: 0, atMountTop: false, lines: NO_LINES, rule: ANY_AGE };
  const directory = { ...within, fd: dir.number, listing: new Listing() };
  try {
    act(new EntryCursor(directory, realWalkEffects(), unitKeeper ?? (() => undefined)), path);
  } finally {
    rmSync(path, { recursive: true });
  }
}

function moveTo(cursor: EntryCursor, name: Bytes): void {
  cursor.moveToNamed(name);
  cursor.readStat();
}

test("a directory is opened once, and what the guards found out outlives its closing", () => {
  let asked = 0;
  const keeper = { detail: "file" };
  withCursor(
    (cursor, path) => {
      mkdirSync(join(path, "directory"));
      moveTo(cursor, bytes("directory"));
      cursor.beginDirectory();
      assert.equal(cursor.unitKeeper(), undefined);
      assert.equal(cursor.unreadable(), undefined);
      const { fd } = cursor;
      assert.notEqual(fd, undefined);
      assert.equal(cursor.open(), SUCCESS);
      assert.equal(cursor.fd, fd);
      assert.equal(cursor.unitKeeper(), keeper);
      cursor.close();
      assert.equal(cursor.fd, undefined);
      assert.equal(cursor.unitKeeper(), keeper);
      assert.equal(asked, 1);
    },
    () => {
      asked++;
      return keeper;
    },
  );
});

test("an entry that is not there, or is no directory, reports why it cannot be opened", () => {
  withCursor((cursor, path) => {
    moveTo(cursor, bytes("missing"));
    assert.equal(cursor.statError, ENOENT);
    cursor.beginDirectory();
    assert.equal(cursor.open(), ENOENT);
    assert.equal(cursor.fd, undefined);
    // It was removed meanwhile, which is no reason to keep it.
    assert.equal(cursor.unreadable(), undefined);

    writeFileSync(join(path, "file"), "");
    moveTo(cursor, bytes("file"));
    cursor.beginDirectory();
    assert.equal(errnoName(cursor.open()), "ENOTDIR");
    assert.equal(cursor.unreadable(), "ENOTDIR");
  });
});

test("a file is locked by the cursor unless another has locked it", () => {
  withCursor((cursor, path) => {
    writeFileSync(join(path, "file"), "");
    using other = openat(Fd.cwd, bytes(join(path, "file")), O_RDONLY);
    moveTo(cursor, bytes("file"));

    cursor.beginFile();
    assert.equal(cursor.isLocked(), false);
    assert.equal(flock(other, LOCK_EX | LOCK_NB), false);
    cursor.unlock();

    assert.equal(flock(other, LOCK_EX | LOCK_NB), true);
    cursor.beginFile();
    assert.equal(cursor.isLocked(), true);
    assert.equal(cursor.lockError(), undefined);
    cursor.unlock();
  });
});
