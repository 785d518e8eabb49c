/** HOST001: fs.protected_symlinks and its relatives, proc_sys_fs(5), in the kernel and in sysctl.d. */
import { readFileSync } from "node:fs";
import type { Bytes } from "../../base/bytes.js";
import type { AuditSeverity } from "../finding.js";
import type { RootFiles } from "../units/root-files.js";
import type { HostFinding } from "./host-finding.js";

const SETTINGS: Readonly<Record<string, AuditSeverity>> = {
  protected_symlinks: "error",
  protected_hardlinks: "error",
  protected_fifos: "warning",
  protected_regular: "warning",
};

/** From that which overrides the others: sysctl.d(5). */
const DIRECTORIES = [
  "/etc/sysctl.d",
  "/run/sysctl.d",
  "/usr/local/lib/sysctl.d",
  "/usr/lib/sysctl.d",
  "/lib/sysctl.d",
];

export function protectionFindings(files: RootFiles, live: boolean): HostFinding[] {
  const configured = configuredValues(files);
  return Object.entries(SETTINGS).flatMap(([name, severity]) => {
    const kernel = live ? kernelValue(name) : undefined;
    const setBy = configured.get(name);
    const value = kernel?.value ?? setBy?.value;
    if (value === undefined || Number(value) !== 0) return [];
    const message = `fs.${name} is 0`;
    const place = setBy !== undefined && Number(setBy.value) === 0 ? setBy : kernel;
    if (place === undefined) return [];
    return [{ rule: "HOST001", severity, message, file: place.file, line: place.line, text: place.text }];
  });
}

interface Value {
  readonly value: string;
  readonly file: Bytes;
  readonly line: number;
  readonly text: string;
}

function kernelValue(name: string): Value | undefined {
  const file = `/proc/sys/fs/${name}` as Bytes;
  try {
    const value = readFileSync(file, "latin1").trim();
    return { value, file, line: 1, text: value };
  } catch {
    return undefined;
  }
}

/** The last assignment to each setting, in the order in which systemd-sysctl applies them. */
function configuredValues(files: RootFiles): Map<string, Value> {
  const paths = new Map<string, string>();
  for (const directory of DIRECTORIES)
    for (const name of files.list(directory))
      if (name.endsWith(".conf") && !paths.has(name)) paths.set(name, `${directory}/${name}`);
  const ordered = [...paths].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  const values = new Map<string, Value>();
  for (const path of [...ordered, "/etc/sysctl.conf"]) {
    (files.read(path) ?? "").split("\n").forEach((text, index) => {
      const match = /^\s*-?\s*fs[./](protected_\w+)\s*=\s*(\d+)\s*$/.exec(text);
      if (match === null) return;
      const [, name = "", value = ""] = match;
      values.set(name, { value, file: files.shown(path), line: index + 1, text });
    });
  }
  return values;
}
