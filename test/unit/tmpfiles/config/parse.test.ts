import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "#src/tmpfiles/index.js";

const codes = (content: string): string[] => parse(content).diagnostics.map(({ code }) => code);

test("lines are read for any host: no user, source, credential or specifier is looked up", () => {
  const { lines, diagnostics } = parse(
    "d %t/x 0755 nobody-here\nC /a - - - - /not/there\nf^ /b - - - - secret\nf /c%m - - - - %b\n",
    "t.conf",
  );
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(
    lines.map((line) => [line.letter, line.path]),
    [
      ["d", "%t/x"],
      ["C", "/a"],
      ["f", "/b"],
      ["f", "/c%m"],
    ],
  );
});

test("every problem of a line is reported", () => {
  const wrong: Readonly<Record<string, string>> = {
    "y /a": "unknown-type",
    "d a": "relative-path",
    "d /a%z": "unknown-specifier",
    "d /a 8": "bad-mode",
    "d /a - - - 1x": "bad-age",
    "d /a - - - z:1d": "bad-age-by",
    "d /a - - - - x": "argument-not-taken",
    "w /a": "argument-missing",
    "c /a - - - - 1": "bad-argument",
    "h /a - - - - +z": "bad-argument",
    "L~ /a - - - - YQ==": "base64-not-taken",
    "x$ /a": "purge-not-taken",
    "d? /a": "if-source-exists-not-taken",
    "r /a - - - ~1d": "first-level-not-taken",
    "C /a - - - - b": "relative-source",
    "f~ /a - - - - !": "bad-base64",
    "f /a - - - - \\q": "bad-argument",
  };
  for (const [line, code] of Object.entries(wrong)) assert.deepEqual(codes(line), [code], line);
});

test("a bad escape in an argument has its column", () => {
  const [diagnostic] = parse("f /a - - - - ab\\q").diagnostics;
  assert.deepEqual([diagnostic?.line, diagnostic?.column], [1, 16]);
});

test("any bytes are parsed without an exception, and each line is accepted or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (content) => {
      const { lines, diagnostics } = parse(content);
      const numbers = [...lines.map(({ source }) => source.line), ...diagnostics.map(({ line }) => line)];
      assert.ok(numbers.every((number) => number >= 1));
    }),
  );
});
