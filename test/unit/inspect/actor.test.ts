import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { placeOf } from "#src/inspect/watch/actor.js";

const place = (path: string) => placeOf(path.split("/").map(bytes));

test("the unit is the innermost that the cgroup's path names", () => {
  assert.deepEqual(place("system.slice/systemd-tmpfiles-clean.service"), {
    unit: "systemd-tmpfiles-clean.service",
  });
  assert.deepEqual(place("user.slice/user-0.slice/user@0.service/app.slice/a.service"), {
    unit: "a.service",
  });
  assert.deepEqual(place("system.slice/foo.service/payload"), { unit: "foo.service" });
  assert.deepEqual(place(""), {});
});

test("containers are recognized by their cgroups", () => {
  const id = "0123456789abcdef";
  assert.deepEqual(place(`system.slice/docker-${id}.scope`), { unit: `docker-${id}.scope`, container: id });
  assert.deepEqual(place(`machine.slice/libpod-${id}.scope/container`), {
    unit: `libpod-${id}.scope`,
    container: id,
  });
});
