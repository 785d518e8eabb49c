/** What an installation consists of: files, symlinks and changes of mode, by path. The kinds of init each make one. */
import type { Bytes } from "../base/bytes.js";
import type { InodeState } from "./inode-state.js";

/** The init systems for which there is a plan. */
export const INITS = ["systemd", "openrc", "runit", "s6", "cron", "anacron"] as const;
export type Init = (typeof INITS)[number];

/** Where and for whom to install. Paths are those of the system below `root`. */
export interface Host {
  readonly root: Bytes;
  /** The user's own service manager and configuration. */
  readonly user: boolean;
  /** The home directory, with `user`. */
  readonly home: Bytes;
  /** Where the manifest is kept. */
  readonly state: Bytes;
  /** The host that runs, as opposed to a tree below --root. */
  readonly running: boolean;
}

/** How jobs start mayfly: the path of Node, and that of bin/mayfly.js. */
export interface Program {
  readonly node: Bytes;
  readonly script: Bytes;
}

/** What to install, besides where. */
export interface Choice {
  readonly init: Init;
  readonly program: Program;
  /** With systemd: `mayfly serve` instead of a timer. The supervisors have no timers, and always run it. */
  readonly serve: boolean;
  /** Where the supervisor looks for services; undefined for its usual place. */
  readonly serviceDirectory: Bytes | undefined;
}

/** What an installation makes, and what its jobs will write. */
export interface InstallPlan {
  readonly wanted: readonly Wanted[];
  readonly data: readonly Bytes[];
  readonly warnings?: readonly string[];
}

export type Wanted =
  | { readonly path: Bytes; readonly kind: "file"; readonly mode: number; readonly content: Bytes }
  | { readonly path: Bytes; readonly kind: "symlink"; readonly target: Bytes }
  | TakenOver;

/** What turns another cleaner off: it may replace a file that Mayfly did not make. */
export interface TakenOver {
  readonly path: Bytes;
  readonly kind: "mask" | "not-executable";
}

/** The state that the path gets. */
export function stateWanted(wanted: Wanted, before: InodeState): InodeState {
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  switch (wanted.kind) {
    case "file":
      return { kind: "file", mode: wanted.mode, content: wanted.content, ...owner };
    case "symlink":
      return { kind: "symlink", target: wanted.target, ...owner };
    case "mask":
      return { kind: "symlink", target: "/dev/null" as Bytes, ...owner };
    case "not-executable":
      return before.kind === "file" ? { ...before, mode: before.mode & ~0o111 } : before;
  }
}

export function isTakenOver(wanted: Wanted): wanted is TakenOver {
  return wanted.kind === "mask" || wanted.kind === "not-executable";
}
