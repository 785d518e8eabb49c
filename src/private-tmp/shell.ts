/** Quotes a word for a POSIX shell. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_\-+=.,:@%/]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export function commandLine(words: readonly string[]): string {
  return words.map(quote).join(" ");
}
