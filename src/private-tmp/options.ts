/** The options of the functions for programs. */
import type { StdioOptions } from "node:child_process";
import type { Rights } from "./programs.js";
import type { KillMode, PrivateMode } from "./session.js";

/** How to run a command with a private /tmp. */
export interface PrivateRunOptions extends Rights {
  /**
   * `connected`: directories on the host's file systems, as big as those, and seen by the host. `disconnected`: one
   * tmpfs, which nobody outside sees and which is gone with the last process. `connected` where it is not given.
   */
  readonly mode?: PrivateMode;
  /** `noexec`, `nosuid`, `nodev`, `ro`, `nosymfollow` and their opposites; `size=` and `nr_inodes=` of a tmpfs, tmpfs(5). */
  readonly mountOptions?: readonly string[];
  /** What `list` shows it as and `join` finds it by: up to 128 letters, digits and `_.:@-`. */
  readonly name?: string;
  /** Shares the private /tmp of that name, or the one that this process has, instead of making one. */
  readonly join?: string | number;
  /** Paths below /tmp or /var/tmp of the host that are to be seen inside too. */
  readonly expose?: readonly string[];
  readonly killMode?: KillMode;
  /** Where the host refuses namespaces, run the command with the host's /tmp rather than not at all. */
  readonly bestEffort?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Looked up inside. Where it is not given: the caller's, or the nearest directory above it that is there. */
  readonly cwd?: string;
  /** As for child_process.spawn; `inherit` where it is not given. */
  readonly stdio?: StdioOptions;
  /** The soft limit of open files for the command. Node has raised its own to the hard one. */
  readonly openFiles?: bigint;
  /** Also report what only a person at a terminal misses, such as tmux. */
  readonly forPerson?: boolean;
  /** Called with what the command will not find inside, in words for a person. */
  readonly onNotice?: (notice: string) => void;
}

/** How to run a command in a private /tmp that is there. */
export interface EnterOptions extends Rights {
  readonly env?: NodeJS.ProcessEnv;
  /** Looked up inside. The caller's if not given, or the nearest directory above it that exists inside. */
  readonly cwd?: string;
  /** As for child_process.spawn; `inherit` if not given. */
  readonly stdio?: StdioOptions;
  readonly openFiles?: bigint;
  /** Called with what the caller should know, in words for a person: that another user owns the namespace. */
  readonly onNotice?: (notice: string) => void;
}

export interface LocateOptions {
  /** Which of its places, for example `/var/tmp`; the first, /tmp, if not given. */
  readonly target?: string;
  /** Called with what the caller should know, in words for a person: that it belongs to another user. */
  readonly onNotice?: (notice: string) => void;
}

export interface ReapOptions {
  /** Say what would be removed, and remove nothing. */
  readonly dryRun?: boolean;
}
