/** The public interface of this module. */
export { AgedPathsError, agedPathLines } from "./aged-paths.js";
