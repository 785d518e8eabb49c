/** Makes the plan for the kind of init. */
import type { Bytes } from "../base/bytes.js";
import { agedDirectories } from "./aged-directories.js";
import { cronPlan } from "./cron.js";
import { openrcPlan } from "./openrc.js";
import { stateAt } from "./place.js";
import type { Choice, Host, InstallPlan } from "./plan.js";
import { runitPlan, s6Plan } from "./supervised.js";
import { systemdPlan } from "./systemd.js";

/** `data` has only what is not there before. */
export function planFor(host: Host, choice: Choice): Required<InstallPlan> {
  const { wanted, data, warnings = [] } = planOf(host, choice);
  const written = [...data, ...commonData(host, choice)];
  return { wanted, warnings, data: written.filter((path) => stateAt(host.root, path).kind === "absent") };
}

function planOf(host: Host, choice: Choice): InstallPlan {
  switch (choice.init) {
    case "systemd":
      return systemd(host, choice);
    case "openrc":
      return openrcPlan(host, choice.program);
    case "runit":
      return runitPlan(host, choice);
    case "s6":
      return s6Plan(host, choice);
    case "cron":
    case "anacron":
      return { wanted: cronPlan(choice.program), data: [] };
  }
}

function systemd(host: Host, choice: Choice): InstallPlan {
  const { paths, invalid } = host.user ? { paths: [], invalid: false } : agedDirectories(host.root);
  const warnings = invalid
    ? ["the configuration has invalid lines; run 'mayfly check', then 'mayfly install --refresh'"]
    : [];
  return { wanted: systemdPlan(host, choice, paths), data: [], warnings };
}

/** The stamp and the records of mayfly serve, and the index of mayfly clean. That of a user may be from other runs. */
function commonData({ user, state }: Host, { init, serve }: Choice): Bytes[] {
  const serves = serve || init === "openrc" || init === "runit" || init === "s6";
  const served = serves ? ([`${state}/stamp`, `${state}/runs`] as Bytes[]) : [];
  return user ? served : [...served, "/var/cache/mayfly/index" as Bytes];
}
