/** Audits this host in a mount namespace, with a /tmp and an /etc of the test's own. */
import { has, isRoot, MAYFLY, start } from "./program.js";

function whyNot(): string | false {
  if (!isRoot) return "only root has mount namespaces";
  if (!has("unshare") || !has("setpriv")) return "needs unshare and setpriv of util-linux";
  return start("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).status === 0
    ? false
    : "this host lets no one mount";
}

export const WITHOUT_NAMESPACE = whyNot();

export interface HostObject {
  readonly type: string;
  readonly rule: string;
  readonly severity: string;
  readonly file: string;
  readonly message: string;
}

/** Runs a script that changes the namespace, then the audit; what the script leaves running ends with it. */
export function auditAfter(script: string): HostObject[] {
  const whole = `set -e
mkdir -p /tmp
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /tmp
${script}
"$0" "$1" audit --host --json --fail-on=none`;
  // In a PID namespace, all processes end with the first.
  const args = [
    "--mount",
    "--pid",
    "--fork",
    "--mount-proc",
    "--kill-child",
    "sh",
    "-c",
    whole,
    process.execPath,
    MAYFLY,
  ];
  const { status, stdout, stderr } = start("unshare", args);
  if (status !== 0) throw new Error(stderr + stdout);
  const objects = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as HostObject);
  return objects.filter(({ type }) => type === "finding");
}

/** The rules that findings below /tmp break. */
export function liveRules(script: string): string[] {
  return auditAfter(script)
    .filter(({ file }) => file.startsWith("/tmp"))
    .map(({ rule }) => rule);
}
