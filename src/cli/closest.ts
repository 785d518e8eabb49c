/** Finds the name that a mistyped word was probably meant to be. */

/** The only name that starts with the word, or else the nearest one within an edit distance of two. */
export function closest(word: string, names: readonly string[]): string | undefined {
  const begun = names.filter((name) => name.startsWith(word));
  if (begun.length === 1) return begun[0];
  const similar = names
    .map((name) => ({ name, far: distance(word, name) }))
    .filter(({ name, far }) => far <= maxDistance(name));
  return similar.sort((a, b) => a.far - b.far)[0]?.name;
}

/** For a short name, a distance of two is too much: `-V` does not resemble `ps`. */
function maxDistance(name: string): number {
  return name.length <= 4 ? 1 : 2;
}

/** The Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
