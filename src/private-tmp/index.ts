/**
 * A private /tmp for a command: run one, list them, enter, reap. Paths are text: those given back are escaped as for a
 * terminal; see docs/private-tmp.md.
 */
export type { Nanoseconds } from "../base/time.js";
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
