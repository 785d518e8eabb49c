/** A private /tmp for a command: run one, list them, enter, reap. */
export type { CommandEnd } from "./command.js";
export { exitStatus } from "./command.js";
export type { Release } from "./directory.js";
export { type EnterOptions, enter } from "./enter.js";
export { exposeOption } from "./environment.js";
export { list, type PrivateProcess, type PrivateTmp, type State } from "./list.js";
export { locate } from "./locate.js";
export type { Rights } from "./programs.js";
export { type Reaped, type ReapOptions, reap } from "./reap.js";
export {
  type Ended,
  type PrivateRunOptions,
  type Running,
  runPrivately,
} from "./run.js";
export type { KillMode, PrivateMode } from "./session.js";
export { type SetupCode, SetupError } from "./settings.js";
