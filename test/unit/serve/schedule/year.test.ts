/**
 * A year of one host with a clock that jumps: boots, suspends, power cuts, a clock that is wrong until NTP sets it, and
 * daylight saving time. Each due run happens once, none twice, none is lost.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DAY, type Nanoseconds, SECOND } from "#src/base/time.js";
import { type Calendar, parseCalendar } from "#src/serve/schedule/calendar.js";
import type { HostClock } from "#src/serve/schedule/moment.js";
import { type Schedule, SETTLING, type Timing } from "#src/serve/schedule/schedule.js";
import type { Stamp } from "#src/serve/schedule/stamp.js";
import { type StampStore, Timekeeper } from "#src/serve/schedule/timekeeper.js";

const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const BEGIN: Nanoseconds = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;

type Step =
  | { readonly kind: "awake" | "suspended" | "off" | "power-cut"; readonly lasts: Nanoseconds }
  | { readonly kind: "jump"; readonly by: Nanoseconds };

/** A host: `true` time, and what its clocks make of it. */
class Host implements HostClock {
  time = 0n;
  offset = 0n;
  boots = 0;
  synchronized = true;
  bootedAt = 0n;
  readonly started = 0n;
  stored: Stamp | undefined;
  readonly store: StampStore = {
    load: () => this.stored,
    save: (stamp) => {
      this.stored = stamp;
    },
  };

  now() {
    return {
      bootId: `boot ${this.boots}`,
      boot: this.time - this.bootedAt,
      wall: BEGIN + this.time + this.offset,
      synchronized: this.synchronized,
    };
  }

  boot(): void {
    this.boots++;
    this.bootedAt = this.time;
  }
}

interface Run {
  readonly time: Nanoseconds;
  readonly wall: Nanoseconds;
  /** How often the clock had been set. */
  readonly jumps: number;
  readonly synchronized: boolean;
}

interface Life {
  readonly runs: readonly Run[];
  /** Stretches of true time in which the process could have run: up, awake, settled, and with the clock it waits for. */
  readonly ready: readonly (readonly [from: Nanoseconds, to: Nanoseconds])[];
}

/** The process looks once a minute while the host is awake. */
function live(schedule: Schedule, steps: readonly Step[], wrongAtBoot: (boot: number) => Nanoseconds): Life {
  const host = new Host();
  const runs: Run[] = [];
  const ready: [Nanoseconds, Nanoseconds][] = [];
  let keeper: Timekeeper | undefined;
  let wrong = 0n;
  let jumps = 0;
  const isReady = (): boolean => {
    const settled = host.time - host.bootedAt >= schedule.settling + schedule.delay;
    return keeper !== undefined && settled && (host.synchronized || !schedule.afterClockSync);
  };
  const start = (): void => {
    host.boot();
    wrong = wrongAtBoot(host.boots);
    host.offset += wrong;
    host.synchronized = wrong === 0n;
    keeper = new Timekeeper(schedule, host, host.store);
  };
  const look = (): void => {
    // NTP sets the clock a few minutes after boot.
    if (!host.synchronized && host.time - host.bootedAt > 5n * MINUTE) {
      host.offset -= wrong;
      host.synchronized = true;
    }
    if (isReady()) {
      const last = ready.at(-1);
      if (last !== undefined && host.time - last[1] <= MINUTE) last[1] = host.time;
      else ready.push([host.time, host.time]);
    }
    const decision = keeper?.check();
    if (decision?.due !== true) return;
    runs.push({ jumps, time: host.time, wall: host.now().wall, synchronized: host.synchronized });
    keeper?.succeeded();
  };
  start();
  for (const step of steps) {
    if (step.kind === "jump") {
      host.offset += step.by;
      jumps++;
    } else if (step.kind === "suspended") host.time += step.lasts;
    else if (step.kind === "awake") {
      for (const end = host.time + step.lasts; host.time < end; host.time += MINUTE) look();
    } else {
      if (step.kind === "off") keeper?.save();
      keeper = undefined;
      if (!host.synchronized) host.offset -= wrong;
      host.time += step.lasts;
      start();
    }
  }
  return { runs, ready };
}

/** Numbers that look random and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** How many years are lived, each with another order of events. */
const YEARS = Number(process.env.YEARS ?? 3);
const BOOTS = 400;
const SUSPENDS = 600;
const JUMPS = 40;

/** 400 boots, 600 suspends and 40 jumps of -1 d to +30 d, in an order of the seed's; about a year in all. */
function year(seed: number): Step[] {
  const random = numbers(seed);
  const minutes = (most: number): Nanoseconds => BigInt(1 + random(most)) * MINUTE;
  const events: Step[] = [
    ...Array.from(
      { length: BOOTS },
      (): Step => ({
        kind: random(4) === 0 ? "power-cut" : "off",
        lasts: minutes(random(10) === 0 ? 4000 : 300),
      }),
    ),
    ...Array.from(
      { length: SUSPENDS },
      (): Step => ({ kind: "suspended", lasts: minutes(random(20) === 0 ? 3000 : 300) }),
    ),
    ...Array.from(
      { length: JUMPS },
      (): Step => ({ kind: "jump", by: BigInt(random(31 * 24 * 60) - 24 * 60) * MINUTE }),
    ),
  ];
  for (let at = events.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [events[at], events[other]] = [events[other] as Step, events[at] as Step];
  }
  // While nobody knows how long the host was off, a jump cannot be told from the clock being set right; and a jump is only
  // seen if the host stays on for a minute more.
  const before = (event: Step): Nanoseconds => (event.kind === "jump" ? 20n * MINUTE : 0n) + minutes(480);
  return events.flatMap((event): Step[] => [
    { kind: "awake", lasts: before(event) },
    event,
    { kind: "awake", lasts: 2n * MINUTE },
  ]);
}

const daily: Timing = { kind: "interval", every: DAY };
const schedule = (timing: Timing, more: Partial<Schedule> = {}): Schedule => ({
  timing,
  settling: SETTLING,
  delay: 0n,
  afterClockSync: false,
  ...more,
});

const timesOf = ({ runs }: Life): Nanoseconds[] => runs.map(({ time }) => time);

/** When an interval's runs are due: at the first ready moment that is a whole interval after the run before. */
function expectedOfInterval(every: Nanoseconds, { ready }: Life): Nanoseconds[] {
  const times: Nanoseconds[] = [];
  let from = 0n;
  for (const [begin, end] of ready) {
    for (;;) {
      const due = begin > from ? begin : from;
      // The process looks once a minute, counted from `begin`.
      const looked = begin + ((due - begin + MINUTE - 1n) / MINUTE) * MINUTE;
      if (looked > end) break;
      times.push(looked);
      from = looked + every;
    }
  }
  return times;
}

test("a year of an interval: each due run happens once, none twice, none is lost", () => {
  for (let seed = 1; seed <= YEARS; seed++) {
    const life = live(schedule(daily), year(seed), () => 0n);
    assert.ok(life.runs.length > 200, `seed ${seed}: ${life.runs.length} runs`);
    assert.deepEqual(timesOf(life), expectedOfInterval(DAY, life), `seed ${seed}`);
  }
});

test("a clock that is wrong at each boot until NTP sets it changes nothing", () => {
  const wrong = [-20_000n * DAY, -1n * DAY, 0n, 30n * DAY, -HOUR, 400n * DAY];
  for (const afterClockSync of [false, true]) {
    for (let seed = 1; seed <= YEARS; seed++) {
      const life = live(
        schedule(daily, { afterClockSync }),
        year(seed),
        (boot) => wrong[boot % wrong.length] as Nanoseconds,
      );
      assert.deepEqual(timesOf(life), expectedOfInterval(DAY, life), `seed ${seed}`);
      if (afterClockSync)
        assert.deepEqual(
          life.runs.filter(({ synchronized }) => !synchronized),
          [],
        );
    }
  }
});

/** The moments at which a calendar's runs are due: one for all the times that have passed, as soon as the process is ready. */
function expectedOfCalendar(calendar: Calendar, { ready }: Life): Nanoseconds[] {
  const times: Nanoseconds[] = [];
  let next = calendar.next(BEGIN) as Nanoseconds;
  for (const [begin, end] of ready) {
    for (let at = begin; at <= end; at += MINUTE) {
      if (next > BEGIN + at) continue;
      times.push(at);
      while (next <= BEGIN + at) next = calendar.next(next) as Nanoseconds;
    }
  }
  return times;
}

test("a year of a calendar with both changes of daylight saving time: each due run happens once", async () => {
  // In Berlin, 02:30 does not exist on 29 March 2026, and comes twice on 25 October.
  const calendar = await parseCalendar("30 2 * * *", "Europe/Berlin");
  for (let seed = 1; seed <= YEARS; seed++) {
    const steps = year(seed).filter(({ kind }) => kind !== "jump");
    const life = live(schedule({ kind: "calendar", calendar }), steps, () => 0n);
    assert.deepEqual(timesOf(life), expectedOfCalendar(calendar, life), `seed ${seed}`);
  }
});

test("a year of a calendar and a clock that jumps: nothing runs twice or is lost between the jumps", async () => {
  const calendar = await parseCalendar("30 2 * * *", "Europe/Berlin");
  for (let seed = 1; seed <= YEARS; seed++) {
    const life = live(schedule({ kind: "calendar", calendar }), year(seed), () => 0n);
    assert.ok(life.runs.length > 200, `seed ${seed}: ${life.runs.length} runs`);
    const moments = new Set(
      life.ready.flatMap(([begin, end]) =>
        Array.from({ length: Number((end - begin) / MINUTE) + 1 }, (_, at) => begin + BigInt(at) * MINUTE),
      ),
    );
    for (const [at, run] of life.runs.entries()) {
      const before = life.runs[at - 1];
      if (before === undefined || before.jumps !== run.jumps) continue;
      const due = calendar.next(before.wall) as Nanoseconds;
      assert.ok(due <= run.wall, `seed ${seed}: a run that nothing asked for`);
      assert.ok(due > run.wall - MINUTE || !moments.has(run.time - MINUTE), `seed ${seed}: a late run`);
    }
  }
});

test("a host that is never off runs at 02:30 on every day of the year, also on those of 23 and 25 hours", async () => {
  const calendar = await parseCalendar("30 2 * * *", "Europe/Berlin");
  const { runs } = live(
    schedule({ kind: "calendar", calendar }),
    [{ kind: "awake", lasts: 365n * DAY }],
    () => 0n,
  );
  const format = new Intl.DateTimeFormat("sv", {
    timeZone: "Europe/Berlin",
    dateStyle: "short",
    timeStyle: "short",
  });
  const local = runs.map(({ wall }) => format.format(Number(wall / 1_000_000n)));
  assert.equal(new Set(local.map((time) => time.slice(0, 10))).size, 365);
  assert.equal(local.length, 365);
  assert.deepEqual(
    local.filter((time) => !time.endsWith(" 02:30")),
    ["2026-03-29 03:00"],
  );
});

const stretch = fc.integer({ min: 1, max: 4000 }).map((minutes) => BigInt(minutes) * MINUTE);
const anyStep = fc.oneof(
  fc.record({
    kind: fc.constantFrom("awake" as const, "suspended" as const, "off" as const, "power-cut" as const),
    lasts: stretch,
  }),
  fc.record({
    kind: fc.constant("jump" as const),
    by: fc.integer({ min: -1440, max: 43_200 }).map((minutes) => BigInt(minutes) * MINUTE),
  }),
);

test("an interval of any length is kept through any history", () => {
  const jumpSeen = (step: Step): Step[] =>
    step.kind === "jump"
      ? [{ kind: "awake", lasts: 20n * MINUTE }, step, { kind: "awake", lasts: 2n * MINUTE }]
      : [step];
  fc.assert(
    fc.property(
      fc.array(anyStep, { maxLength: 40 }),
      fc.integer({ min: 1, max: 20_000 }),
      fc.boolean(),
      (steps, minutes, wrong) => {
        const every = BigInt(minutes) * MINUTE;
        const delay = BigInt(minutes % 7) * MINUTE;
        const life = live(
          schedule({ kind: "interval", every }, { delay }),
          steps.flatMap(jumpSeen),
          (boot) => (wrong && boot % 2 === 0 ? -20_000n * DAY : 0n),
        );
        assert.deepEqual(timesOf(life), expectedOfInterval(every, life));
      },
    ),
    { numRuns: 50 },
  );
});
