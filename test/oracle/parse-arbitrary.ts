/** Random configurations of a few lines, most of which have something unusual in one field. */
import fc from "fast-check";
import type { Bytes } from "#src/base/bytes.js";
import { LINE_TYPES } from "#src/tmpfiles/lines/index.js";

const odd = (usual: fc.Arbitrary<string>, unusual: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: unusual });

/** Bytes that mean something to the lexer, and a few that do not. */
const soup = fc
  .array(fc.constantFrom(..."ab01-~:+=%\"'\\xu /.,@*?[]\t\v\f\xc3\xff", "\\x41", "%%", "%z", "\\s"), {
    maxLength: 8,
  })
  .map((parts) => parts.join(""));

const letter = odd(
  fc.constantFrom(...Object.keys(LINE_TYPES)),
  fc.constantFrom("y", "M", "\xff", '"d"', "\\x64"),
);
const modifiers = odd(
  fc.constantFrom("", "", "", "", "+", "!", "-", "=", "$"),
  fc.array(fc.constantFrom(..."+!-=~^$?#")).map((parts) => parts.join("")),
);
const name = fc.constantFrom(
  "a",
  "a",
  "b",
  "a/b",
  "a/../b",
  "./a",
  "a//b",
  "a/",
  "*",
  "a\\x20b",
  '"a b"',
  "%b",
  "%%",
  "%H",
);
const path = odd(
  fc
    .tuple(fc.constantFrom("/mayfly/", "/mayfly/a/", "/var/run/mayfly/"), name)
    .map((parts) => parts.join("")),
  soup,
);
const mode = odd(
  fc.constantFrom("-", "-", "0755", "0644", "~0755", ":1777"),
  fc.oneof(soup, fc.constantFrom("8", "10000", "-1")),
);
const user = odd(
  fc.constantFrom("-", "-", "root", "0", ":0", "65534"),
  fc.oneof(soup, fc.constantFrom("nobodyhere", "65535", "01")),
);
const group = odd(
  fc.constantFrom("-", "-", "root", "0", ":root"),
  fc.oneof(soup, fc.constantFrom("nobodyhere", "4294967295")),
);
const unit = fc.constantFrom(
  "",
  "s",
  "min",
  "m",
  "M",
  "ms",
  "us",
  "h",
  "d",
  "w",
  "y",
  "months",
  "\xc2\xb5s",
  " h",
  "x",
  ".5",
  "sec ",
);
const span = fc
  .array(
    fc
      .tuple(
        fc.oneof(fc.nat(), fc.constantFrom("1.5", ".5", "1.", "+1", "-1", "18446744073709", "infinity")),
        unit,
      )
      .map((parts) => parts.join("")),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.join(""));
const age = odd(
  fc.constantFrom("-", "-", "1d", "10d", "~1d", "0"),
  fc.oneof(
    soup,
    span,
    span.map((text) => `aB:${text}`),
  ),
);
const argument = odd(
  fc.constantFrom("", "", "-", "text"),
  fc.oneof(
    soup,
    fc.constantFrom(
      "1:3",
      "/etc/passwd",
      "/nowhere",
      "YQ==",
      "YR==",
      "user.a=b",
      "+i",
      "u:root:rwx",
      "cap_chown=ep",
      "%T",
    ),
  ),
);

const QUOTABLE = /[ \t\v\f]/;
const quoted = (field: string): string =>
  QUOTABLE.test(field) && !/["'\\]/.test(field) ? `"${field}"` : field;

/** 262 does not report the place of these errors, or the message depends on libraries that the host may lack. */
const GOOD_ARGUMENTS: Readonly<Record<string, string>> = { h: "+i", H: "=", t: "user.a=b", T: "user.a=%H" };

const line = fc
  .tuple(letter, modifiers, path, mode, user, group, age, argument)
  .map(([type, signs, ...fields]) => {
    const rest = GOOD_ARGUMENTS[type] ?? fields.at(-1);
    return [type + signs, ...fields.slice(0, -1).map(quoted), rest].join(" ");
  });

export const configuration = fc
  .array(odd(line, fc.oneof(soup, fc.constantFrom("# comment", "", " \t"))), { minLength: 1, maxLength: 8 })
  .chain((lines) =>
    fc
      .array(odd(fc.constant("\n"), fc.constantFrom("\r\n", "\r", "\0", "\n\r")), {
        minLength: lines.length,
        maxLength: lines.length,
      })
      .map((ends) => lines.map((text, index) => text + (ends[index] ?? "\n")).join("") as Bytes),
  );
