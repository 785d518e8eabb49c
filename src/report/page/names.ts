/** Shows names whatever bytes they have: control characters, bidirectional marks and invalid UTF-8 become C escapes. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of a name: its text in UTF-8, or what its base64 says. */
export function bytesOf(text: string, base64: string | undefined): Uint8Array {
  if (base64 === undefined) return encoder.encode(text);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\\]/u;
const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, "0")}`;

/** One line, in which each character or escape stands for bytes that can be read back. */
export function shownBytes(bytes: Uint8Array): string {
  let shown = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    const raw = bytes.slice(at, at + Math.max(length, 1));
    const character = length === 0 ? undefined : decoder.decode(raw);
    if (character === undefined || (UNSAFE.test(character) && character !== "\\"))
      shown += [...raw].map(hex).join("");
    else shown += character === "\\" ? "\\\\" : character;
    at += raw.length;
  }
  return shown;
}

/** The length of the UTF-8 sequence that starts there; 0 if it is invalid. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    decoder.decode(bytes.slice(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

/** The name as one word of a shell. Bash, zsh and ksh read the bytes back from it. */
export function shellWord(bytes: Uint8Array): string {
  const shown = shownBytes(bytes);
  if (/^[\w@%+=:,./-]+$/.test(shown)) return shown;
  if (!shown.includes("\\")) return `'${shown.replace(/'/g, "'\\''")}'`;
  return `$'${shown.replace(/'/g, "\\'")}'`;
}

export function joinedBytes(first: Uint8Array, second: Uint8Array): Uint8Array {
  const slash = first.at(-1) === 0x2f ? 0 : 1;
  const joined = new Uint8Array(first.length + slash + second.length);
  joined.set(first);
  if (slash === 1) joined[first.length] = 0x2f;
  joined.set(second, first.length + slash);
  return joined;
}
