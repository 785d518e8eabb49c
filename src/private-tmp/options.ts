/** The options of the functions in mayfly/private-tmp. */
import type { StdioOptions } from "node:child_process";
import type { Rights } from "./programs.js";
import type { KillMode, PrivateMode } from "./session.js";

/** How to run a command with a private /tmp. */
export interface PrivateRunOptions extends Rights {
  /**
   * `connected` (the default): directories on the host's file systems, limited by their size and visible to the host.
   * `disconnected`: one tmpfs, which is invisible outside and vanishes with the last process.
   */
  readonly mode?: PrivateMode;
  /** `noexec`, `nosuid`, `nodev`, `ro`, `nosymfollow` and their opposites; for a tmpfs also `size=` and `nr_inodes=`, tmpfs(5). */
  readonly mountOptions?: readonly string[];
  /** Its name for `list` and `join`: up to 128 letters, digits and `_.:@-`, not only digits. The default is the name of the command. */
  readonly name?: string;
  /** Share the private /tmp with this name, or that of the process with this PID, instead of creating one. */
  readonly join?: string | number;
  /** Paths in the host's /tmp or /var/tmp to make visible inside. */
  readonly expose?: readonly string[];
  readonly killMode?: KillMode;
  /** Run the command with the host's /tmp if the host refuses namespaces. */
  readonly bestEffort?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** The working directory, looked up inside. The default is the caller's, or the nearest parent of it that exists inside. */
  readonly cwd?: string;
  /** As for child_process.spawn; `inherit` by default. */
  readonly stdio?: StdioOptions;
  /** The soft limit of open files for the command. Node raises its own to the hard limit. */
  readonly openFiles?: bigint;
  /** Also report hidden paths that only interactive programs use, such as tmux sockets. */
  readonly forPerson?: boolean;
  /** Called with notices as text, for example about paths that are hidden from the command. */
  readonly onNotice?: (notice: string) => void;
}

/** How to run a command in an existing private /tmp. */
export interface EnterOptions extends Rights {
  readonly env?: NodeJS.ProcessEnv;
  /** The working directory, looked up inside. The default is the caller's, or the nearest parent of it that exists inside. */
  readonly cwd?: string;
  /** As for child_process.spawn; `inherit` by default. */
  readonly stdio?: StdioOptions;
  readonly openFiles?: bigint;
  /** Called with notices as text, for example if another user controls the mounts. */
  readonly onNotice?: (notice: string) => void;
}

export interface LocateOptions {
  /** The mount point, for example `/var/tmp`; `/tmp` by default. */
  readonly target?: string;
  /** Called with notices as text, for example if another user controls the mounts. */
  readonly onNotice?: (notice: string) => void;
}

export interface ReapOptions {
  /** Report what would be removed without removing anything. */
  readonly dryRun?: boolean;
}
