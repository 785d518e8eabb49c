/** Paths in the shared temporary directories, in text that is not a programming language. */

/** A path below /tmp, /var/tmp or /dev/shm. */
const SHARED = /^\/(?:var\/|usr\/)?tmp(?=\/|$)|^\/dev\/shm(?=\/|$)/;

export function isSharedPath(path: string): boolean {
  return SHARED.test(path);
}

/** Whether it is a shared directory itself. */
export function isSharedDirectory(path: string): boolean {
  return isSharedPath(path) && path.replace(SHARED, "").replace(/\/+$/, "") === "";
}

/** Whether other users can guess the path: it has a fixed name, and no part that mkstemp(3) or mktemp(1) replaces. */
export function isGuessable(path: string): boolean {
  if (!isSharedPath(path) || isSharedDirectory(path) || /X{3,}/.test(path)) return false;
  const name = path.replace(SHARED, "").replace(/^\/+/, "").split("/")[0] ?? "";
  // %s, %d and specifiers such as %i say nothing about the rest.
  return /\w/.test(name.replace(/%-?\d*l*[a-zA-Z%]|\$\{?\w+\}?/g, ""));
}

const WORD = /(?<![\w./-])\/(?:(?:var\/|usr\/)?tmp|dev\/shm)(?:\/[\w.%@+~${}/-]*)?/g;

/** Each shared path in a text, with its offset. */
export function sharedPathsIn(text: string): { readonly path: string; readonly at: number }[] {
  return [...text.matchAll(WORD)].map((match) => ({ path: match[0], at: match.index }));
}
