import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes } from "#src/base/bytes.js";
import type { Diagnostic } from "#src/base/errors.js";
import type { Source } from "#src/base/events.js";
import { type ItemContext, itemContext } from "#src/tmpfiles/config/item-context.js";
import { LineReader } from "#src/tmpfiles/config/line-reader.js";
import { resolveLine } from "#src/tmpfiles/config/resolve.js";
import type { Item } from "#src/tmpfiles/model/item.js";
import type { LoadOptions } from "#src/tmpfiles/model/options.js";
import { errorAt } from "#src/tmpfiles/syntax/diagnostics.js";
import { parseLine } from "#src/tmpfiles/syntax/line.js";

interface ReadResult {
  readonly items: (Item | undefined)[];
  readonly diagnostics: Diagnostic[];
}

type Reading = (context: ItemContext) => (source: Source) => Item | undefined;

function readAll(options: LoadOptions, lines: readonly string[], reading: Reading): ReadResult {
  const diagnostics: Diagnostic[] = [];
  const credentials = { directory: undefined, read: () => undefined };
  const context = itemContext(
    options,
    options.root,
    credentials,
    (reported) => void diagnostics.push(reported),
  );
  const read = reading(context);
  const items = lines.map((text, index) =>
    read({ file: "t.conf" as Bytes, line: index + 1, text: bytes(text) }),
  );
  return { items, diagnostics };
}

const remembering: Reading = (context) => {
  const reader = new LineReader(context);
  return (source) => reader.read(source);
};

const forgetful: Reading = (context) => (source) => {
  const line = parseLine(source);
  if ("letter" in line) return resolveLine(line, context);
  context.report(errorAt(source.file, source.line, line));
  return undefined;
};

const type = fc.constantFrom("d", "d!", "x", "X", "f", "L", "L?", "C", "e", "r$", "t", '"d"', "q?", "w");
const path = fc.constantFrom(
  "/run/a",
  "/run/b/",
  "/var/run/c",
  "//d/./e",
  "relative",
  '"/quoted path"',
  "/back\\x41slash",
  "/%%percent",
  "/%Qunknown",
  "/run/excluded/f",
  "/",
);
const rest = fc.constantFrom(
  "",
  " ",
  " -",
  " 0755 root root 10d",
  "\t0755\troot\troot\t10d",
  " 4755 nobody-of-this-name",
  " 0755 nobody-of-this-name",
  " 0755 :root - ~10d -",
  ' "0755" root',
  " 0755 root root 10d argument",
  " - - - - %Q",
  " - - - - user.a=b",
  ' - "unclosed',
  " 99999",
  " - - - never",
  "'glued'",
);
const line = fc.tuple(type, fc.constantFrom(" ", "\t", "  "), path, rest).map((parts) => parts.join(""));

test("similar lines before it do not change a line's meaning", () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), fc.boolean(), fc.boolean(), (lines, graceful, boot) => {
      const options = { graceful, boot, excludePrefixes: [bytes("/run/excluded")] };
      assert.deepEqual(readAll(options, lines, remembering), readAll(options, lines, forgetful));
    }),
    { numRuns: 500 },
  );
});

test("lines below a root that differ only in their path are read alike", () => {
  const lines = ["d /a 0700 root root 1d", "d /b 0700 root root 1d", "d / 0700 root root 1d"];
  const root = bytes("/srv/image");
  const { items } = readAll({ root }, lines, remembering);
  assert.deepEqual(
    items.map((item) => item?.path),
    ["/srv/image/a", "/srv/image/b", "/srv/image"],
  );
  assert.deepEqual(readAll({ root }, lines, remembering), readAll({ root }, lines, forgetful));
});
