import assert from "node:assert/strict";
import { after, test } from "node:test";
import { cannotBeNobody } from "../ordinary-user.js";
import { reference } from "../reference.js";
import { instrument } from "./instrument.js";
import { judge } from "./judge.js";
import { caseOfProbe, PROBES } from "./probes.js";
import { nothing, realProgram } from "./program.js";
import { ourProgram } from "./subject.js";

const tools = instrument(reference());
const skip = "missing" in tools ? `NOT COMPARED: ${tools.missing}` : false;
const real = "missing" in tools ? nothing : realProgram(tools);
const ours = "missing" in tools ? nothing : ourProgram(tools);
after(() => {
  ours.close?.();
  if (!("missing" in tools)) tools.remove();
});

for (const [what, probe] of Object.entries(PROBES)) {
  const why = skip || (probe.more?.unprivileged === true && cannotBeNobody);
  test(`${what}: as systemd-tmpfiles 262 does it`, { skip: why }, async () => {
    for (const rooted of [false, true]) {
      const one = caseOfProbe({ ...probe, more: { ...probe.more, rooted } });
      const { differences, expected, actual } = await judge(one, real, ours);
      assert.deepEqual(differences, [], `${expected.output}\n--- ours:\n${actual.output}`);
    }
  });
}
