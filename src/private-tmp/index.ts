/**
 * The public entry of mayfly/private-tmp: run a command with a private /tmp; list, locate, enter and reap private /tmps.
 * Paths are text; returned paths are escaped as for a terminal. See docs/private-tmp.md.
 */
export type { Bytes } from "../base/bytes.js";
export type { SyscallError, UnsafePathCode, UnsafePathError } from "../base/errors.js";
export type { Nanoseconds } from "../base/time.js";
export type { Left } from "../path/tree.js";
export type { CommandEnd } from "./command.js";
export { exitStatus } from "./command.js";
export type { Release } from "./directory.js";
export { enter } from "./enter.js";
export { listSync, type PrivateProcess, type PrivateTmp, type State } from "./list.js";
export { locateSync } from "./locate.js";
export type { EnterOptions, LocateOptions, PrivateRunOptions, ReapOptions } from "./options.js";
export type { Rights } from "./programs.js";
export { list, locate, reap } from "./promised.js";
export { type Reaped, reapSync } from "./reap.js";
export {
  type Ended,
  type Running,
  runPrivately,
} from "./run.js";
export type { KillMode, PrivateMode } from "./session.js";
export { type SetupCode, SetupError } from "./settings.js";
