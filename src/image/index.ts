/** Disk images: their partitions, and a mount namespace with an image mounted in it. */
export { enterImage, type InsideImage, MOUNT_POINT } from "./enter.js";
export { mountImage } from "./mount.js";
export { ImageError } from "./plan.js";
export { policyProblem } from "./policy.js";
