/** Explains why the host refuses namespaces. */
import { readFileSync } from "node:fs";
import { SetupError } from "./settings.js";

/** A setting of the host that can forbid namespaces, and the value that does. */
interface Setting {
  readonly path: string;
  readonly forbids: (value: string) => boolean;
  readonly says: string;
}

const USER_SETTINGS: readonly Setting[] = [
  {
    path: "/proc/sys/user/max_user_namespaces",
    forbids: (value) => value === "0",
    says: "the sysctl user.max_user_namespaces is 0",
  },
  {
    path: "/proc/sys/kernel/unprivileged_userns_clone",
    forbids: (value) => value === "0",
    says: "the sysctl kernel.unprivileged_userns_clone is 0",
  },
  {
    path: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    forbids: (value) => value !== "0",
    says: "the sysctl kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor allows user namespaces only to programs with a profile for it",
  },
];

const MOUNT_SETTINGS: readonly Setting[] = [
  {
    path: "/proc/sys/user/max_mnt_namespaces",
    forbids: (value) => value === "0",
    says: "the sysctl user.max_mnt_namespaces is 0",
  },
  {
    path: "/proc/self/status",
    forbids: (value) => /^Seccomp:\s*[12]$/m.test(value),
    says: "a seccomp filter is active, and those of container managers usually refuse namespaces",
  },
];

/** The settings of this host that forbid the required namespaces, as text. */
function forbiddingSettings(needsUserNamespace: boolean): string[] {
  const settings = [...(needsUserNamespace ? USER_SETTINGS : []), ...MOUNT_SETTINGS];
  return settings.filter(isForbidding).map(({ says }) => says);
}

function isForbidding({ path, forbids }: Setting): boolean {
  try {
    return forbids(readFileSync(path, "latin1").trim());
  } catch {
    return false;
  }
}

/** The error for refused namespaces, with the responsible setting if it can be determined. */
export function forbidden(needsUserNamespace: boolean, cause: unknown): SetupError {
  const kind = needsUserNamespace ? "user namespaces" : "mount namespaces";
  const settings = forbiddingSettings(needsUserNamespace);
  const reported = cause instanceof Error ? ` (${cause.message})` : "";
  const why =
    settings.length > 0
      ? settings.join("; ")
      : "no known setting explains it; a security module may be the cause";
  return new SetupError("FORBIDDEN", `this host refuses ${kind}${reported}: ${why}`, cause);
}
