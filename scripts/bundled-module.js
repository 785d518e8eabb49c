/** Replaces node:module in the bundles: loading it takes 2 ms, and a bundle already has the `require` that it would create. */
export const createRequire = () => require;
