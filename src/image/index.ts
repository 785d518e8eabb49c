/** The public index of disk images: find their partitions and mount them in a private mount namespace. */
export { enterImage, type InsideImage, MOUNT_POINT } from "./enter.js";
export { mountImage } from "./mount.js";
export { ImageError } from "./plan.js";
export { policyProblem } from "./policy.js";
