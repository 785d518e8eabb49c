/** Stands for node:module in the bundles: to load that takes 2 ms, and a bundle has the `require` that it would make. */
export const createRequire = () => require;
