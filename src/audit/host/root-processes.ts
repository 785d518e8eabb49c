/** HOST003: files of other users in shared directories that processes of root have open. */
import { readdirSync, readFileSync, readlinkSync, type Stats, statSync } from "node:fs";
import { type Bytes, escapeForDisplay, toBuffer } from "../../base/bytes.js";
import { processStatus, runningPids } from "../../sys/processes.js";
import { isSharedDirectory, isSharedPath } from "../shared-paths.js";
import type { HostFinding } from "./host-finding.js";

/** What mkstemp(3), mktemp(1) and libraries put into names. */
const RANDOM =
  /(?=[A-Za-z0-9_-]*[A-Z])(?=[A-Za-z0-9_-]*[a-z])(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{6,}|[0-9a-f]{8,}|[._-](?=\w*[A-Z])\w{6,10}(?:$|[./])|systemd-private-/;
const WRITES = 0o3;

interface OpenFile {
  readonly pid: number;
  readonly path: Bytes;
  readonly owner: number;
  readonly writes: boolean;
}

export function processFindings(): HostFinding[] {
  const found = runningPids()
    .filter((pid) => pid !== process.pid && processStatus(pid)?.uid === 0)
    .flatMap(openFilesOf)
    .filter(
      ({ path, owner }) =>
        owner !== 0 && isSharedPath(path) && !isSharedDirectory(path) && !RANDOM.test(path),
    );
  const places = new Map(found.map((each) => [`${each.pid}:${each.path}`, each]));
  return [...places.values()].map(finding);
}

function openFilesOf(pid: number): OpenFile[] {
  return attempt(() => readdirSync(`/proc/${pid}/fd`), []).flatMap((number) => {
    const link = `/proc/${pid}/fd/${number}`;
    const path = attempt(() => readlinkSync(link, "latin1") as Bytes, undefined);
    if (path === undefined || !isSharedPath(path)) return [];
    const opened = attempt(() => statSync(link), undefined);
    if (opened === undefined || !isSame(opened, path)) return [];
    const info = attempt(() => readFileSync(`/proc/${pid}/fdinfo/${number}`, "latin1"), "");
    const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? "0", 8);
    return [{ pid, path, owner: opened.uid, writes: (flags & WRITES) !== 0 }];
  });
}

/** Whether the path leads to the same file here: the process may have a /tmp of its own, or the file may be removed. */
function isSame(opened: Stats, path: Bytes): boolean {
  const here = attempt(() => statSync(toBuffer(path)), undefined);
  return here !== undefined && here.ino === opened.ino && here.dev === opened.dev;
}

function finding({ pid, path, owner, writes }: OpenFile): HostFinding {
  const program = processStatus(pid)?.program ?? ("?" as Bytes);
  return {
    rule: "HOST003",
    severity: writes ? "error" : "warning",
    file: path,
    text: `PID ${pid}: ${program}`,
    message: `process ${pid} (${escapeForDisplay(program)}) of root ${writes ? "writes to" : "reads"} it, and it belongs to user ${owner}`,
  };
}

/** Processes end, and their files close, at any time. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
