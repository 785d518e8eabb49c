/** Whether a unit may start before systemd-tmpfiles-setup.service: the dependencies of systemd.unit(5) and bootup(7). */
import { isNo, isYes, wordsOf } from "./unit-file.js";
import { lastSetting, settingsOf, type Unit } from "./unit-tree.js";

const SETUP =
  /^(?:systemd-tmpfiles-setup\.service|(?:sysinit|basic|multi-user|graphical|rescue|emergency|default|timers|sockets|paths|getty|remote-fs|network-online)\.target)$/;
const SHUTDOWN =
  /^(?:(?:power|soft-reboot|re|k?exec|halt|final|umount|shutdown|system-update)[\w-]*)\.(?:target|service)$/;
const SHUTDOWN_ONLY =
  /^(?:poweroff|reboot|halt|kexec|final|soft-reboot|umount)\.target$|^systemd-(?:poweroff|reboot|halt|kexec)\.service$/;

/** Whether it is a service without default dependencies that nothing orders after the setup of /tmp. */
export function startsEarly(unit: Unit, units: ReadonlyMap<string, Unit>): boolean {
  if (!isNo(lastSetting(unit, "Unit", "DefaultDependencies")?.value)) return false;
  return !isOther(unit) && !comesAfterSetup(unit, units, new Set());
}

/** A unit of the shutdown or of the initial RAM disk, which has a /tmp of its own. */
function isOther(unit: Unit): boolean {
  const installed = [...unit.wantedBy, ...names(unit, "Install", "WantedBy", "RequiredBy")];
  const conditions = settingsOf(unit, "Unit", "ConditionPathExists", "AssertPathExists").map(
    ({ value }) => value,
  );
  if (conditions.includes("/etc/initrd-release")) return true;
  if (installed.length > 0 && installed.every((name) => SHUTDOWN.test(name) || /^initrd/.test(name)))
    return true;
  return names(unit, "Unit", "Before").some((name) => SHUTDOWN_ONLY.test(name) || /^initrd/.test(name));
}

function comesAfterSetup(unit: Unit, units: ReadonlyMap<string, Unit>, seen: Set<string>): boolean {
  // These order the unit after the setup of /tmp by themselves: systemd.exec(5).
  if (isYes(lastSetting(unit, "Service", "PrivateTmp")?.value)) return true;
  for (const name of names(unit, "Unit", "After")) {
    if (SETUP.test(name)) return true;
    const other = units.get(name);
    if (other === undefined || seen.has(name)) continue;
    seen.add(name);
    const isTarget = name.endsWith(".target") || name.endsWith(".mount") || name.endsWith(".swap");
    const isDefault = !isTarget && !isNo(lastSetting(other, "Unit", "DefaultDependencies")?.value);
    if (isDefault || comesAfterSetup(other, units, seen)) return true;
  }
  return false;
}

function names(unit: Unit, section: string, ...keys: readonly string[]): string[] {
  return settingsOf(unit, section, ...keys).flatMap(({ value }) => wordsOf(value));
}
