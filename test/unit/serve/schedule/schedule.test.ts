/** When a run is due: each rule by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, type Nanoseconds, SECOND } from "#src/base/time.js";
import { parseCalendar } from "#src/serve/schedule/calendar.js";
import { delayOf, hostIdentity } from "#src/serve/schedule/delay.js";
import { hostClock, type Moment } from "#src/serve/schedule/moment.js";
import { decide, type Schedule, SETTLING } from "#src/serve/schedule/schedule.js";
import { firstStamp, type Stamp, sighted, stampAfterRun } from "#src/serve/schedule/stamp.js";
import { Timekeeper } from "#src/serve/schedule/timekeeper.js";

const HOUR = 3600n * SECOND;
const at = (iso: string): Nanoseconds => BigInt(Date.parse(iso)) * 1_000_000n;
const moment = (
  boot: Nanoseconds,
  wall = at("2026-06-01T00:00Z") + boot,
  more: Partial<Moment> = {},
): Moment => ({
  bootId: "a",
  boot,
  wall,
  synchronized: false,
  ...more,
});
const daily: Schedule = {
  timing: { kind: "interval", every: DAY },
  settling: SETTLING,
  delay: 0n,
  afterClockSync: false,
};
const clockAt = (now: Moment) => ({ started: 0n, now: () => now });
const decideAt = (schedule: Schedule, stamp: Stamp, now: Moment) =>
  decide(schedule, sighted(stamp, now, true), clockAt(now), now);

test("the first run is due 15 minutes after boot, and the host's own delay later", () => {
  const stamp = firstStamp(moment(0n));
  const later = { due: false, at: SETTLING, waitsFor: "settling" };
  assert.deepEqual(decideAt(daily, stamp, moment(SECOND)), later);
  assert.deepEqual(decideAt(daily, stamp, moment(SETTLING)), { due: true });
  const delayed = { ...daily, delay: 60n * SECOND };
  assert.deepEqual(decideAt(delayed, stamp, moment(SETTLING)), { ...later, at: SETTLING + 60n * SECOND });
});

test("without a settling time the first run is due at once", () => {
  assert.deepEqual(decideAt({ ...daily, settling: 0n }, firstStamp(moment(0n)), moment(SECOND)), {
    due: true,
  });
});

test("an interval counts from the last success, through suspends, whatever the wall clock shows", () => {
  const stamp = stampAfterRun(moment(HOUR));
  for (const wall of [0n, at("2020-01-01T00:00Z"), at("2040-01-01T00:00Z")]) {
    const due = { due: false, at: DAY + HOUR, waitsFor: "time" };
    assert.deepEqual(decideAt(daily, stamp, moment(DAY, wall)), due);
    assert.deepEqual(decideAt(daily, stamp, moment(DAY + HOUR, wall)), { due: true });
  }
});

test("after a reboot the wall clock counts, if it is not before the stamp", () => {
  const stamp = stampAfterRun(moment(HOUR));
  const rebooted = (wall: Nanoseconds): Moment => moment(HOUR, wall, { bootId: "b" });
  assert.deepEqual(decideAt(daily, stamp, rebooted(stamp.wall + DAY)), { due: true });
  const waits = { due: false, at: 23n * HOUR, waitsFor: "time" };
  assert.deepEqual(decideAt(daily, stamp, rebooted(stamp.wall + 2n * HOUR)), waits);
  // The time that the host has been up is known in any case.
  assert.deepEqual(decideAt(daily, stamp, rebooted(0n)), { due: false, at: DAY, waitsFor: "time" });
});

test("a clock that is right after all counts as soon as it is", () => {
  const first = stampAfterRun(moment(HOUR));
  const wrong = sighted(first, moment(HOUR, 0n, { bootId: "b" }), true);
  const right = sighted(wrong, moment(2n * HOUR, first.wall + 5n * HOUR, { bootId: "b" }), true);
  assert.equal(wrong.age, HOUR);
  assert.equal(right.age, 5n * HOUR);
});

test("after-clock-sync waits until an NTP client has set the clock", () => {
  const schedule = { ...daily, afterClockSync: true };
  const stamp = firstStamp(moment(0n));
  const waits = { due: false, at: undefined, waitsFor: "clock-sync" };
  assert.deepEqual(decideAt(schedule, stamp, moment(DAY)), waits);
  assert.deepEqual(decideAt(schedule, stamp, moment(DAY, undefined, { synchronized: true })), { due: true });
});

test("a calendar runs at its times, catches up once, and does not repeat a time that comes again", async () => {
  const calendar = await parseCalendar("30 3 * * *", "UTC");
  const schedule: Schedule = { ...daily, timing: { kind: "calendar", calendar } };
  const booted = moment(HOUR, at("2026-06-01T01:00Z"));
  const due = (stamp: Stamp, boot: Nanoseconds, iso: string) =>
    decideAt(schedule, stamp, moment(boot, at(iso)));
  assert.deepEqual(due(firstStamp(booted), 2n * HOUR, "2026-06-01T02:00Z"), {
    due: false,
    at: 2n * HOUR + 90n * 60n * SECOND,
    waitsFor: "time",
  });
  assert.deepEqual(due(firstStamp(booted), 4n * HOUR, "2026-06-01T04:00Z"), { due: true });

  const ran = stampAfterRun(moment(4n * HOUR, at("2026-06-01T04:00Z")));
  const isDue = (boot: Nanoseconds, iso: string): boolean => due(ran, boot, iso).due;
  assert.equal(isDue(5n * HOUR, "2026-06-01T05:00Z"), false);
  assert.equal(isDue(5n * HOUR, "2026-06-02T03:29Z"), false);
  // Set back by two hours: 03:30 comes again, and is not used again.
  assert.equal(isDue(5n * HOUR, "2026-06-01T03:45Z"), false);
  // Set back by a day: the new time counts.
  assert.equal(isDue(24n * HOUR, "2026-06-01T03:45Z"), true);
  // Set forward by 30 days: one run for all of them.
  assert.equal(isDue(5n * HOUR, "2026-07-01T12:00Z"), true);
  const caughtUp = stampAfterRun(moment(5n * HOUR, at("2026-07-01T12:00Z")));
  assert.equal(due(caughtUp, 6n * HOUR, "2026-07-01T13:00Z").due, false);
});

test("a delay moves a calendar's time", async () => {
  const calendar = await parseCalendar("30 3 * * *", "UTC");
  const schedule: Schedule = { ...daily, timing: { kind: "calendar", calendar }, delay: 600n * SECOND };
  const stamp = firstStamp(moment(HOUR, at("2026-06-01T03:00Z")));
  assert.equal(decideAt(schedule, stamp, moment(2n * HOUR, at("2026-06-01T03:39Z"))).due, false);
  assert.equal(decideAt(schedule, stamp, moment(2n * HOUR, at("2026-06-01T03:40Z"))).due, true);
});

test("hosts differ in their delays, and each keeps its own", () => {
  const delays = Array.from({ length: 1000 }, (_, host) => delayOf(`host ${host}`, HOUR));
  assert.equal(delayOf("host 7", HOUR), delays[7]);
  assert.equal(delayOf(hostIdentity(), HOUR), delayOf(hostIdentity(), HOUR));
  assert.equal(delayOf("host 7", 0n), 0n);
  assert.ok(delays.every((delay) => delay >= 0n && delay < HOUR));
  const inFirstHalf = delays.filter((delay) => delay < HOUR / 2n).length;
  assert.ok(inFirstHalf > 400 && inFirstHalf < 600, `${inFirstHalf}`);
});

test("a run that failed is tried again after 15 minutes, then 30, up to a day", () => {
  let now = moment(SETTLING);
  const keeper = new Timekeeper(
    daily,
    { started: 0n, now: () => now },
    { load: () => undefined, save: () => undefined },
  );
  const waits: Nanoseconds[] = [];
  for (let failures = 0; failures < 9; failures++) {
    assert.deepEqual(keeper.check(), { due: true });
    keeper.failed();
    const decision = keeper.check();
    assert.ok(!decision.due && decision.at !== undefined);
    waits.push((decision.at - now.boot) / SECOND / 60n);
    now = moment(decision.at);
  }
  assert.deepEqual(waits, [15n, 30n, 60n, 120n, 240n, 480n, 960n, 1440n, 1440n]);
  keeper.succeeded();
  assert.equal(keeper.lastSuccess, 0n);
  assert.equal(keeper.check().due, false);
});

test("the clocks of this host are read", () => {
  const clock = hostClock();
  const [first, second] = [clock.now(), clock.now()];
  assert.equal(first.bootId, second.bootId);
  assert.match(first.bootId, /^[0-9a-f-]{36}$/);
  assert.ok(first.boot > 0n && second.boot >= first.boot && clock.started <= first.boot);
  assert.ok(first.wall > at("2020-01-01T00:00Z"));
  assert.equal(typeof first.synchronized, "boolean");
});
