export type { CommandEnd } from "./command.js";
export { exitStatus } from "./command.js";
export type { Release } from "./directory.js";
export type { Rights } from "./programs.js";
export { type Ended, type Running, type RunOptions, run } from "./run.js";
export { type SetupCode, SetupError } from "./settings.js";
export type { KillMode, Mode } from "./stage.js";
