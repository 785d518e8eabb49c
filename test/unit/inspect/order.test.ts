import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bytes } from "#src/base/bytes.js";
import type { Unlink } from "#src/inspect/recorder/unlinks.js";
import { Order } from "#src/inspect/watch/order.js";
import { FAN_CREATE, FAN_Q_OVERFLOW, FAN_RENAME, type FanotifyEvent } from "#src/sys/fanotify.js";

const at = (name: string) => ({ directory: "dir" as Bytes, name: name as Bytes });
const event = (mask: number, name: string): FanotifyEvent => ({
  mask,
  pid: 1,
  fd: -1,
  target: `inode of ${name}` as Bytes,
  ...(mask === FAN_RENAME ? { to: at(name) } : { at: at(name) }),
});
const unlink = (name: string, after: number, before = after): Unlink => {
  return { pid: 1, ...at(name), target: `inode of ${name}` as Bytes, after, before };
};

/** The events that are reported for these, as operations and names. */
function reported(events: FanotifyEvent[], unlinks: Unlink[], there: string[] = [], lost = false): string[] {
  const order = new Order(
    { take: (read) => read(), read: () => unlinks.splice(0), takeLost: () => (lost ? 1 : 0) },
    { read: () => events.splice(0), isThere: (each) => there.includes(each.at?.name ?? "") },
  );
  const names: Record<number, string> = {
    [FAN_CREATE]: "create",
    [FAN_RENAME]: "rename",
    [FAN_Q_OVERFLOW]: "lost",
  };
  return [...order.read()].map((each) => {
    const name = each.at?.name ?? each.to?.name;
    return [names[each.mask] ?? "delete", ...(name === undefined ? [] : [name])].join(" ");
  });
}

test("a removal is ordered after the events that were queued before it", () => {
  const events = [event(FAN_CREATE, "a"), event(FAN_RENAME, "b"), event(FAN_CREATE, "c")];
  assert.deepEqual(reported(events, [unlink("x", 0), unlink("a", 1), unlink("y", 3)]), [
    ...["delete x", "create a", "delete a", "rename b", "create c", "delete y"],
  ]);
});

test("while events are being read, a removal is ordered after the event that created the file", () => {
  const events = [event(FAN_CREATE, "a"), event(FAN_CREATE, "b"), event(FAN_CREATE, "c")];
  assert.deepEqual(reported(events, [unlink("b", 0, 3)]), ["create a", "create b", "delete b", "create c"]);
});

test("of two links created in turn under one name, the kernel reports one", () => {
  const twice = ["create a", "delete a", "create a", "delete a"];
  assert.deepEqual(reported([event(FAN_CREATE, "a")], [unlink("a", 1), unlink("a", 1)]), twice);
  assert.deepEqual(reported([event(FAN_CREATE, "a")], [unlink("a", 1)], ["a"]), twice.slice(0, 3));
});

test("a full ring buffer is reported", () => {
  assert.deepEqual(reported([], [unlink("a", 0)], [], true), ["delete a", "lost"]);
});
