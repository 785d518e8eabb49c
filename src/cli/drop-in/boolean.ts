/** Parses booleans in the environment as systemd does. */
const TRUE = ["1", "yes", "y", "true", "t", "on"];
const FALSE = ["0", "no", "n", "false", "f", "off"];

/** Returns undefined if the text is not a valid boolean. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return TRUE.includes(word) ? true : FALSE.includes(word) ? false : undefined;
}
