/** The public interface of this module. */
export { type ActiveCleaner, activeAdvice } from "./active.js";
export { detectInit, hostAt } from "./detect.js";
export type { InodeState } from "./inode-state.js";
export {
  type Installed,
  type InstallStep,
  installSync,
  type Uninstalled,
  uninstallSync,
} from "./install.js";
export { readManifest } from "./manifest.js";
export { type Choice, type Host, INITS, type Init } from "./plan.js";
export { checkProgram, runningProgram } from "./program.js";
export { afterInstall, afterUninstall, beforeUninstall } from "./service-manager.js";
