import { readdirSync } from "node:fs";
import { type Bytes, bytes, show } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { flock, LOCK_EX, LOCK_NB } from "../sys/files.js";
import { readMountInfo } from "../sys/mountinfo.js";
import { type Location, openChild, openParent } from "./directory.js";
import { bootId, isMeant, parseLeaf } from "./name.js";
import { type NamespaceView, namespaces, ownNamespace } from "./processes.js";
import { privateMounts, type SeenMount, shows } from "./seen.js";
import { SetupError } from "./settings.js";

/** A private /tmp that exists. */
export interface Found {
  readonly mode: "connected" | "disconnected";
  /** What it is called; undefined of another's tmpfs. */
  readonly leaf: Bytes | undefined;
  /** Its directories on the host, where it is a connected one. */
  readonly locations: readonly Location[];
  /** Processes that see it. */
  readonly pids: readonly number[];
}

/**
 * Finds a private /tmp by a process that sees it, or by its name.
 *
 * @throws SetupError NOT_FOUND, AMBIGUOUS
 */
export function find(asked: string | number, targets: readonly Bytes[]): Found {
  const number = typeof asked === "number" ? asked : /^[0-9]+$/.test(asked) ? Number(asked) : undefined;
  return number === undefined ? byName(bytes(`${asked}`), targets) : byProcess(number, targets);
}

function byProcess(pid: number, targets: readonly Bytes[]): Found {
  const mounts = privateMounts(mountsOf(pid), targets, readMountInfo());
  const [first] = mounts;
  if (first === undefined) {
    throw new SetupError("NOT_FOUND", `process ${pid} has no private /tmp`);
  }
  return { mode: first.mode, leaf: first.leaf, locations: locationsOf(mounts), pids: [pid] };
}

function mountsOf(pid: number) {
  try {
    return readMountInfo(pid);
  } catch (error) {
    if (failedWith(error, "ENOENT", "ESRCH", "EINVAL")) {
      throw new SetupError("NOT_FOUND", `there is no process ${pid}`, error);
    }
    throw error;
  }
}

function locationsOf(mounts: readonly SeenMount[]): Location[] {
  return mounts.flatMap(({ mode, target, leaf, isDeleted }) =>
    mode === "connected" && leaf !== undefined && !isDeleted ? [{ target, leaf }] : [],
  );
}

function byName(asked: Bytes, targets: readonly Bytes[]): Found {
  const views = otherNamespaces();
  const all = [...connectedCalled(asked, targets, views), ...disconnectedCalled(asked, targets, views)];
  const found = all.length > 1 ? all.filter(isInUse) : all;
  const [only] = found;
  if (only === undefined) throw new SetupError("NOT_FOUND", `no private /tmp is called ${show(asked)}`);
  if (found.length === 1) return only;
  const names = found.map(({ leaf }) => shortName(leaf)).join(", ");
  throw new SetupError("AMBIGUOUS", `several are called ${show(asked)}: ${names}`);
}

function shortName(leaf: Bytes | undefined): string {
  const parsed = leaf === undefined ? undefined : parseLeaf(leaf);
  return parsed === undefined ? "" : `${show(parsed.name)}-${parsed.suffix}`;
}

export function otherNamespaces(): NamespaceView[] {
  const own = ownNamespace();
  return namespaces().views.filter(({ id }) => id !== own);
}

function connectedCalled(asked: Bytes, targets: readonly Bytes[], views: readonly NamespaceView[]): Found[] {
  const places = new Map<Bytes, Location[]>();
  for (const target of targets) {
    for (const leaf of leavesIn(target).filter((each) => isMeant(each, asked) && isOfThisBoot(each))) {
      places.set(leaf, [...(places.get(leaf) ?? []), { target, leaf }]);
    }
  }
  return [...places].map(([leaf, locations]) => {
    const pids = views.filter((view) => shows(view, leaf)).flatMap((view) => view.pids);
    return { mode: "connected", leaf, locations, pids };
  });
}

function isOfThisBoot(leaf: Bytes): boolean {
  return parseLeaf(leaf)?.boot === bootId();
}

/** The names below a target that are private directories'. */
export function leavesIn(target: Bytes): Bytes[] {
  const names = readdirSync(target, "latin1") as string[];
  return (names as Bytes[]).filter((name) => parseLeaf(name) !== undefined).sort();
}

function disconnectedCalled(
  asked: Bytes,
  targets: readonly Bytes[],
  views: readonly NamespaceView[],
): Found[] {
  const pids = new Map<Bytes, number[]>();
  for (const view of views) {
    const { leaf } =
      privateMounts(view.mounts, targets, []).find(({ mode }) => mode === "disconnected") ?? {};
    if (leaf === undefined || !isMeant(leaf, asked)) continue;
    pids.set(leaf, [...(pids.get(leaf) ?? []), ...view.pids]);
  }
  return [...pids].map(([leaf, members]) => ({ mode: "disconnected", leaf, locations: [], pids: members }));
}

function isInUse({ pids, locations }: Found): boolean {
  return pids.length > 0 || locations.some(isLocked);
}

/** Whether somebody holds the directory's lock. It is had for a moment where nobody does, which only newcomers notice, who try again. */
export function isLocked({ target, leaf }: Location): boolean {
  using parent = openParent(target);
  using outer = openChild(parent, leaf);
  return !flock(outer, LOCK_EX | LOCK_NB);
}
