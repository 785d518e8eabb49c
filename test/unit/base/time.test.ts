import assert from "node:assert/strict";
import { after, test } from "node:test";
import { localTime, SECOND, utcTime } from "#src/base/time.js";

const zone = process.env.TZ;
after(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const MOMENT = 1_764_202_830n * SECOND + 7n;

test("text has local time", () => {
  process.env.TZ = "Asia/Kolkata";
  assert.equal(localTime(MOMENT), "2025-11-27 05:50");
  assert.equal(localTime(MOMENT, "second"), "2025-11-27 05:50:30");
  assert.equal(localTime(MOMENT, "day"), "2025-11-27");
  process.env.TZ = "UTC";
  assert.equal(localTime(-1n, "second"), "1969-12-31 23:59:59");
});

test("JSON has UTC, to the nanosecond", () => {
  process.env.TZ = "Asia/Kolkata";
  assert.equal(utcTime(MOMENT), "2025-11-27T00:20:30.000000007Z");
  assert.equal(utcTime(-1n), "1969-12-31T23:59:59.999999999Z");
});

test("a timestamp beyond any calendar is a number of seconds", () => {
  const beyond = 2n ** 62n * SECOND;
  assert.equal(localTime(beyond), `@${2n ** 62n}`);
  assert.equal(utcTime(-beyond), `@-${2n ** 62n}`);
});
