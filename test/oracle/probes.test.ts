import assert from "node:assert/strict";
import { test } from "node:test";
import { cannotBeNobody } from "../ordinary-user.js";
import { compare } from "./compare.js";
import { openPair } from "./pair.js";
import { caseOfProbe, PROBES } from "./probes.js";

const { skip, real, ours } = openPair();

for (const [what, probe] of Object.entries(PROBES)) {
  const why = skip || (probe.more?.unprivileged === true && cannotBeNobody);
  test(`${what}: as systemd-tmpfiles 262 does it`, { skip: why }, async () => {
    for (const rooted of [false, true]) {
      const one = caseOfProbe({ ...probe, more: { ...probe.more, rooted } });
      const { differences, expected, actual } = await compare(one, real, ours);
      assert.deepEqual(differences, [], `${expected.output}\n--- ours:\n${actual.output}`);
    }
  });
}
