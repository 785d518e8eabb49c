/** Reads unit files: systemd.syntax(7). */
import type { TextFile } from "../place-findings.js";

/** `Key=value` in a section, with lines that a backslash continues. */
export interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly file: TextFile;
  /** The offsets of its value in the file. */
  readonly at: number;
  readonly end: number;
}

export function parseUnit(file: TextFile): Setting[] {
  const settings: Setting[] = [];
  let section = "";
  let offset = 0;
  const lines = file.text.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const start = offset;
    let line = lines[index] ?? "";
    offset += line.length + 1;
    if (/^\s*([#;]|$)/.test(line)) continue;
    while (/\\\r?$/.test(line) && index + 1 < lines.length) {
      const next = lines[++index] ?? "";
      offset += next.length + 1;
      // A comment between continued lines is left out.
      line = /^\s*[#;]/.test(next) ? line : `${line.replace(/\\\r?$/, " ")}${next}`;
    }
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (header !== null) section = header[1] ?? "";
    else settings.push(...settingOf(line, { section, file, start, end: offset - 1 }));
  }
  return settings;
}

interface LinePlace {
  readonly section: string;
  readonly file: TextFile;
  readonly start: number;
  readonly end: number;
}

function settingOf(line: string, { section, file, start, end }: LinePlace): Setting[] {
  const match = /^(\s*([A-Za-z][\w-]*)\s*=\s*)(.*?)\s*$/s.exec(line);
  if (match === null) return [];
  const [, before = "", key = "", value = ""] = match;
  const at = start + before.length;
  return [{ section, key, value, file, at, end: Math.max(at, Math.min(end, at + value.length)) }];
}

/** systemd's booleans: systemd.syntax(7). */
export function isYes(value: string | undefined): boolean {
  return value !== undefined && /^(1|yes|y|true|t|on)$/i.test(value);
}

export function isNo(value: string | undefined): boolean {
  return value !== undefined && /^(0|no|n|false|f|off)$/i.test(value);
}

/** The words of a value, with quotes removed. */
export function wordsOf(value: string): string[] {
  const words: string[] = [];
  for (const [, double, single, plain] of value.matchAll(
    /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|((?:[^\s"'\\]|\\.)(?:[^\s\\]|\\.)*)/gs,
  ))
    words.push((double ?? single ?? plain ?? "").replace(/^(\S+?=)"(.*)"$/s, "$1$2"));
  return words;
}
