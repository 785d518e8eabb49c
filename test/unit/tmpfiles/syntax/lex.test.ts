import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Bytes } from "#src/base/bytes.js";
import { unescapeAll } from "#src/tmpfiles/syntax/escape.js";
import { eachLine, splitWords } from "#src/tmpfiles/syntax/lex.js";

const split = (line: string, count = 6) => splitWords(line as Bytes, count);

function linesOf(content: string): [string, number][] {
  const lines: [string, number][] = [];
  eachLine(content as Bytes, (text, number) => lines.push([text, number]));
  return lines;
}

/** Any byte but NUL, which ends a line. */
const byteString = fc
  .array(fc.integer({ min: 1, max: 255 }), { maxLength: 20 })
  .map((codes) => String.fromCharCode(...codes));

const escaped = (text: string): string =>
  [...text].map((character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
const inQuotes = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

test("words are split at blanks, the rest stays as it stands", () => {
  assert.deepEqual(split("d  /run/a\t0755 ", 2), ["d", "/run/a", "0755 "]);
  assert.deepEqual(split("f /a - - - - two  words "), ["f", "/a", "-", "-", "-", "-", "two  words "]);
  assert.deepEqual(split("a\vb\fc"), ["a\vb\fc"]);
});

test("a word is put together from quoted, unquoted and escaped pieces", () => {
  assert.deepEqual(split(`d "a b"'c "d'\\x41\\101\\s\\n`), ["d", `a bc "dAA \n`]);
  assert.deepEqual(split(`"" ''`), ["", ""]);
  assert.deepEqual(split("\\u00e9\\U0001F600"), ["\xc3\xa9\xf0\x9f\x98\x80"]);
});

test("what can't be split says where", () => {
  assert.deepEqual(split(`d "open`), { problem: "quote", column: 3 });
  assert.deepEqual(split(`d 'it' "x`), { problem: "quote", column: 8 });
  for (const wrong of [
    "\\q",
    "\\x4",
    "\\x00",
    "\\400",
    "\\08",
    "\\ud800",
    "\\U00110000",
    "\\U0000fdd0",
    "\\",
  ]) {
    assert.deepEqual(split(`d a${wrong}`), { problem: "escape", column: 4 }, wrong);
    assert.equal(unescapeAll(`ab${wrong}` as Bytes), 2, wrong);
  }
});

test("each byte string comes back from its quoted and its escaped form", () => {
  fc.assert(
    fc.property(fc.array(byteString, { minLength: 1, maxLength: 5 }), (words) => {
      const wanted = words.map((word) => (word === "" ? "" : word));
      assert.deepEqual(split(words.map(inQuotes).join(" "), words.length), wanted);
      const full = words.filter((word) => word !== "");
      assert.deepEqual(split(full.map(escaped).join("\t"), 9), full);
      assert.equal(unescapeAll(escaped(words[0] ?? "") as Bytes), words[0]);
    }),
  );
});

test("any bytes are split, or refused with a column inside them", () => {
  fc.assert(
    fc.property(byteString, (line) => {
      const words = split(line);
      if (Array.isArray(words)) assert.ok(words.length <= 7);
      else assert.ok(words.column >= 1 && words.column <= line.length);
    }),
  );
});

test("the offsets point at the words", () => {
  const starts: number[] = [];
  splitWords(`  d "/a b" - rest of it` as Bytes, 3, starts);
  assert.deepEqual(starts, [2, 4, 11, 13]);
});

test("a line ends at LF, CR, NUL, or a run of different ones", () => {
  const numbers = (content: string) => linesOf(content).map(([text, number]) => `${number}${text}`);
  assert.deepEqual(numbers("a\nb\n\nc"), ["1a", "2b", "3", "4c"]);
  assert.deepEqual(numbers("a\r\nb\r\n"), ["1a", "2b"]);
  assert.deepEqual(numbers("a\rb\0c"), ["1a", "2b", "3c"]);
  assert.deepEqual(numbers("a\n\r\0b"), ["1a", "2b"]);
  assert.deepEqual(numbers("a\0\nb"), ["1a", "2", "3b"]);
  assert.deepEqual(numbers("a \t\n b\r\r\nc"), ["1a", "2 b", "3", "4c"]);
  assert.deepEqual(numbers(""), []);
});
