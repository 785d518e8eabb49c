import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { parseAge } from "#src/tmpfiles/syntax/age.js";
import { decodeBase64 } from "#src/tmpfiles/syntax/base64.js";
import { columnOf, FIELDS, parseFile } from "#src/tmpfiles/syntax/line.js";
import { parseMode } from "#src/tmpfiles/syntax/mode.js";

const parse = (content: string) => parseFile("t.conf" as Bytes, bytes(content));
const problems = (content: string) =>
  parse(content).diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);

test("fields, with empty ones and dashes as none", () => {
  const [line] = parse(`# comment\n\n  L+ "/a b" - '' : 1d /x y\n`).lines;
  assert.equal(line?.letter, "L");
  assert.equal(line?.modifiers.force, true);
  assert.deepEqual(
    [line?.path, line?.mode, line?.user, line?.group, line?.age, line?.argument],
    ["/a b", undefined, undefined, ":", "1d", "/x y"],
  );
  assert.deepEqual([line?.source.line, line?.source.file], [3, "t.conf"]);
});

test("columns count bytes from 1, from where the line begins", () => {
  const text = `  d "/é" 0755 root - 1d -` as string;
  const [line] = parse(text).lines;
  const columns = FIELDS.map((field) => columnOf(line?.source.text ?? ("" as Bytes), field));
  assert.deepEqual(columns, [3, 5, 11, 16, 21, 23, 26]);
});

test("what is wrong is said with its place, and the other lines are read", () => {
  assert.deepEqual(problems("d\n"), ["1:2 missing-path"]);
  assert.deepEqual(problems(`"" /a`), ["1:1 missing-type"]);
  assert.deepEqual(problems(" d++ /a"), ["1:4 unknown-modifier"]);
  assert.deepEqual(problems("d# /a"), ["1:2 unknown-modifier"]);
  assert.deepEqual(problems(`d /a\r\nd "/b\r\nd /c\\q`), ["2:3 bad-quote", "3:5 bad-escape"]);
  const { lines, diagnostics } = parse(`d /a\n${"#".repeat(1 << 20)}\nd /b\n`);
  assert.deepEqual([lines.length, diagnostics[0]?.code, diagnostics[0]?.line], [2, "line-too-long", 2]);
});

test("any bytes are read without a throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (content) => {
      const { lines, diagnostics } = parseFile(
        "f" as Bytes,
        Buffer.from(content).toString("latin1") as Bytes,
      );
      for (const { line, column } of [...diagnostics]) assert.ok(line >= 1 && column >= 1);
      for (const { path } of lines) assert.equal(typeof path, "string");
    }),
  );
});

test("ages with age-by and first level", () => {
  const hour = 3_600_000_000_000n;
  assert.deepEqual(parseAge("1h" as Bytes), {
    span: hour,
    byFile: 15,
    byDirectory: 11,
    keepFirstLevel: false,
  });
  assert.deepEqual(parseAge("~bmA:1h" as Bytes), {
    span: hour,
    byFile: 10,
    byDirectory: 1,
    keepFirstLevel: true,
  });
  assert.deepEqual(parseAge("C:0" as Bytes), { span: 0n, byFile: 15, byDirectory: 4, keepFirstLevel: false });
  assert.deepEqual(parseAge("ax:1h" as Bytes), { problem: "age-by", at: 1 });
  assert.deepEqual(parseAge("~:1h" as Bytes), { problem: "age-by", at: 1 });
  assert.deepEqual(parseAge("a:~1h" as Bytes), { problem: "age", at: 2 });
});

test("modes", () => {
  assert.deepEqual(parseMode("0755" as Bytes), { bits: 0o755, onlyCreate: false, masked: false });
  assert.deepEqual(parseMode(":~4755" as Bytes), { bits: 0o4755, onlyCreate: true, masked: true });
  for (const wrong of ["8", "10000", "0x1", "-1", "+1", "~", "u+x", "755 "]) {
    assert.ok("problem" in parseMode(wrong as Bytes), wrong);
  }
});

test("base64 comes back, and nothing but base64 is taken", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (data) => {
      const encoded = Buffer.from(data).toString("base64");
      const wrapped = encoded.replace(/.{3}/g, "$& \t");
      assert.equal(decodeBase64(wrapped as Bytes), Buffer.from(data).toString("latin1"));
    }),
  );
  for (const wrong of ["!", "YQ", "YQ=", "YR==", "=", "====", "YQ==YQ==", "-_=="]) {
    assert.equal(decodeBase64(wrong as Bytes), undefined, wrong);
  }
});
