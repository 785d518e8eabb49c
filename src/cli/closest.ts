/** What a mistyped word was likely meant to be. */

/** The name that the word begins, or that is at most two letters away. */
export function closest(word: string, names: readonly string[]): string | undefined {
  const begun = names.filter((name) => name.startsWith(word));
  if (begun.length === 1) return begun[0];
  const near = names
    .map((name) => ({ name, far: distance(word, name) }))
    .filter(({ name, far }) => far <= most(name));
  return near.sort((a, b) => a.far - b.far)[0]?.name;
}

/** Of a short name, two letters are too much: `-V` is nothing like `ps`. */
function most(name: string): number {
  return name.length <= 4 ? 1 : 2;
}

/** Levenshtein's: insertions, deletions and replacements. */
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
