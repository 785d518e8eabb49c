/** Random configuration: mostly valid lines, and some that 262 rejects. */
import fc from "fast-check";
import { linkTarget, path } from "./tree-arbitrary.js";

/** One line as data; `render` writes it as a file has it. */
export interface Line {
  readonly type: string;
  /** Components, already as patterns where the type takes globs. */
  readonly path: readonly string[];
  readonly quoting: "escaped" | "quoted" | "raw";
  readonly mode: string;
  readonly user: string;
  readonly group: string;
  readonly age: string;
  readonly argument: string;
}

export type Written = Line | { readonly raw: string };

const hex = (character: string): string => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** `\`, whitespace, quotes and bytes other than ASCII as escapes; `%` doubled, since it starts a specifier. */
function escaped(text: string): string {
  return text.replace(/%/g, "%%").replace(/[^!#$&(-[\]^-~%]/g, hex);
}

function quoted(text: string): string {
  return `"${text.replace(/%/g, "%%").replace(/[\\"\n\x80-\xff]/g, hex)}"`;
}

function raw(text: string): string {
  return /[\s"'\\]/.test(text) ? escaped(text) : text.replace(/%/g, "%%");
}

const WRITERS = { escaped, quoted, raw };

/** The line's text; `base` takes the place of each `@`: the directory of the copy, or nothing where that is the root. */
export function render(line: Written, base: string): string {
  if ("raw" in line) return line.raw.replaceAll("@", base);
  const written = WRITERS[line.quoting](`${base}/tree/${line.path.join("/")}`);
  const fields = [line.type, written, line.mode, line.user, line.group, line.age, line.argument];
  while (fields.at(-1) === "-") fields.pop();
  return fields.join(" ").replaceAll("@", base);
}

const often = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** What a field may hold; what 262 rejects is rare, or hardly a case would be without it. */
interface Values {
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const values = ({ good, bad }: Values): fc.Arbitrary<string> =>
  fc.oneof({ weight: 40, arbitrary: often(...good) }, { weight: 1, arbitrary: often(...bad) });

/** Of ten fields `filled` have a value, the others `-`. */
const field = (of: Values, filled: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 1000 - 100 * filled, arbitrary: fc.constant("-") },
    { weight: 100 * filled, arbitrary: values(of) },
  );

const AGES: Values = {
  good: [
    ...[
      "0",
      "0",
      "1d",
      "1d",
      "10d",
      "10d",
      "10d",
      "30d",
      "1h",
      "10d12h",
      "2w",
      "5days",
      "1y",
      "1.5d",
      "1w2d",
    ],
    ...["~10d", "~0", "m:10d", "mM:10d", "mM:1d", "aA:10d", "amAM:10d", "bmA:1h", "cC:5d", "AM:1d", "M:0"],
    ...["~mM:10d", "abcmABCM:10d", "B:1d", "b:10d", "mm:10d", "infinity", "amAM:1d", "~amAM:1d"],
  ],
  bad: ["9999999999999999999999d", "10q", "x:10d", ":10d", "~", "m:", "m:~10d", "-1d", "~~1d", "1d1", "0x10"],
};
const MODES: Values = {
  good: [
    ...["0755", "0755", "0700", "0644", "0640", "1777", "2755", "4711", "0", "0000", "7777"],
    ...["~0755", "~0777", ":0700", ":~0640", "~:0600", "~4755", "+755"],
  ],
  bad: ["77777", "abc", "u=rwx", "0o755", "~", "::0755", "-755", "0x1ff"],
};
const OWNERS: Values = {
  good: ["root", "0", "65534", "nobody", ":nobody", ":1", "1", ":0"],
  bad: ["daemon", "nosuchuser", "4294967295", "65535", "-1", ":", "~0", "0x10", "%u", "01", "+1"],
};
const GROUPS: Values = {
  good: ["root", "0", "65534", "nogroup", ":nogroup", ":1", "1", ":0"],
  bad: ["daemon", "nosuchgroup", "4294967295", ":", "%g"],
};

const TEXTS: Values = {
  good: [
    ...["hello", "two words", "line\\nend", 'tab\\tq\\"x', "\\x41\\xff", "50%%", "%m-%v", "\\x20lead", "-"],
    ...["%u:%U:%g:%G:%h", "%b", "%a", "%o %w %W %B %A %M", "%H %l %q", '"quoted"', "#no comment"],
    ...["%t %S %C %L %T %V", "a\\\\b", "trailing "],
  ],
  bad: ["%Z", "%", "a\\q", "\\", "\\x4", '""'],
};
const BASE64: Values = { good: ["aGVsbG8=", "AP8K", "aGVs bG8=", "aGVsbG8"], bad: ["!!!", "-", "%m", '""'] };
const CREDENTIALS: Values = {
  good: ["greeting", "encoded", "absent"],
  bad: ["../greeting", "-", '""', "%m"],
};
const DEVICES: Values = {
  good: ["1:3", "1:5", "7:251", "300:70000"],
  bad: ["1:", ":3", "x", "4096:1", "1:3:5", "-", "0x1:3"],
};
const XATTRS: Values = {
  good: [
    ...[
      "user.a=1",
      "user.a=1 user.b=2",
      'user.c="x y"',
      "user.d=\\x41",
      "user.f=",
      "trusted.h=%m",
      "user.a='q' user.i=%%",
    ],
    ...['"user.j=k l"', "user.a=b=c"],
  ],
  bad: ["user.e", "bogus.g=1", "=1", "-", "user.x=%Z", '"user.x=1'],
};
const ATTRIBUTES: Values = {
  good: ["+d", "d", "-d", "=d", "=", "+A", "Ad", "-A", "+S", "=S"],
  bad: ["+z", "-", "+", "+c", '""'],
};
const ACLS: Values = {
  good: [
    ...[
      "u:nobody:rw",
      "user:65534:r-x",
      "g:nogroup:rwX",
      "d:u:nobody:rwX",
      "default:group:1:r",
      "u::rwx,g::r,o::-",
      "m::r",
    ],
    ...[
      "u:1:rw,m::r-x",
      "u:1:X",
      "d:u::rwx,d:g::rx,d:o::-",
      "o::rw",
      "u:1:rw,g:1:r,d:u:1:rw",
      "u:1:7",
      "u:%u:r",
      "u:1:rw, g:1:rX",
    ],
  ],
  bad: ["bad", "-", "u:nosuchuser:r", ",u:1:r", "u:1:q", "d:bad"],
};
const CAPABILITIES: Values = {
  good: [
    ...[
      "cap_setuid+ep",
      "cap_net_raw=ep",
      "cap_setuid-eip",
      "=",
      "cap_setuid=ep rootuid=1000",
      "cap_chown,cap_fowner+i",
    ],
    ...["rootuid=5", "cap_setuid=ep cap_net_raw+p", "CAP_CHOWN=p"],
  ],
  bad: ["cap_bogus=ep", "-", "rootuid=x", "cap_setuid"],
};

const copySource = fc.oneof(
  often("@/source", "@/source/file", "@/source/deep", "@/missing", "-", "relative/path", "@/source/link"),
  path.map((names) => escaped(`@/tree/${names.join("/")}`)),
);

interface Family {
  readonly letters: readonly string[];
  readonly weight: number;
  readonly modifiers: string;
  readonly glob?: boolean;
  readonly argument: fc.Arbitrary<string>;
  /** Types without a mode and owner sometimes have them nevertheless. */
  readonly bare?: boolean;
  /** Types that an age belongs to. */
  readonly ages?: boolean;
}

const nothing = fc.oneof(
  { weight: 60, arbitrary: fc.constant("-") },
  { weight: 1, arbitrary: often("junk", '""', "%Z") },
);
const FAMILIES: readonly Family[] = [
  {
    letters: ["d", "D", "d", "D", "v", "q", "Q"],
    weight: 9,
    modifiers: "!-=$",
    argument: nothing,
    ages: true,
  },
  { letters: ["e"], weight: 7, modifiers: "!-$", glob: true, argument: nothing, ages: true },
  { letters: ["x", "X"], weight: 6, modifiers: "!", glob: true, argument: nothing, ages: true, bare: true },
  { letters: ["r", "R"], weight: 6, modifiers: "!", glob: true, argument: nothing, ages: true, bare: true },
  { letters: ["f", "F", "f"], weight: 6, modifiers: "!-=+$", argument: values(TEXTS) },
  { letters: ["f~", "w~", "f+~"], weight: 1, modifiers: "-$", argument: values(BASE64) },
  { letters: ["f^", "w^", "f^~"], weight: 1, modifiers: "-$", argument: values(CREDENTIALS) },
  { letters: ["w", "w"], weight: 3, modifiers: "!-+$", glob: true, argument: values(TEXTS) },
  { letters: ["p"], weight: 2, modifiers: "!-=+$", argument: nothing },
  { letters: ["L"], weight: 4, modifiers: "!-=+$?", argument: fc.oneof(linkTarget, fc.constant("-")) },
  { letters: ["c", "b"], weight: 2, modifiers: "!-=+$", argument: values(DEVICES) },
  { letters: ["C"], weight: 4, modifiers: "!-=+$", argument: copySource, ages: true },
  { letters: ["z", "Z", "m"], weight: 4, modifiers: "!-", glob: true, argument: nothing },
  { letters: ["t", "T"], weight: 2, modifiers: "!-+", glob: true, argument: values(XATTRS), bare: true },
  { letters: ["h", "H"], weight: 2, modifiers: "!-", glob: true, argument: values(ATTRIBUTES), bare: true },
  { letters: ["a", "A"], weight: 3, modifiers: "!-+", glob: true, argument: values(ACLS), bare: true },
  {
    letters: ["k", "K"],
    weight: 2,
    modifiers: "!-+",
    glob: true,
    argument: values(CAPABILITIES),
    bare: true,
  },
];

const PATTERNS = [
  "*",
  "*",
  "?",
  "[ab]",
  "[!a]",
  ".*",
  "{a,b}",
  "*a*",
  "[",
  "\\*",
  "a*",
  "**",
  "[a-c]?",
  "\\[ab\\]",
  "{a,b/c}",
  "a{,b}",
  "{a,{b,c}}",
  "[[:alpha:]]",
  "[^a]",
  "[]a]",
  "?*",
  "\\a",
];
const globPath = fc
  .tuple(path, fc.array(fc.tuple(fc.nat(3), often(...PATTERNS)), { maxLength: 2 }))
  .map(([names, patterns]) =>
    patterns.reduce((all, [at, pattern]) => all.with(at % all.length, pattern), [...names]),
  );

/** Each modifier now and then; the last row's are those that hardly any type takes. */
function modifiers(usual: string): fc.Arbitrary<string> {
  const one = fc.constantFrom("", "", "", ...usual);
  return fc.oneof(
    { weight: 60, arbitrary: fc.tuple(one, one).map(([a, b]) => (a === b ? a : a + b)) },
    { weight: 1, arbitrary: fc.constantFrom("!!", "$", "?", "^", "~", "=", "+", "X", "-+", "~^") },
  );
}

function line(family: Family): fc.Arbitrary<Line> {
  const filled = family.bare ? 0.2 : 5;
  return fc.record({
    type: fc.tuple(often(...family.letters), modifiers(family.modifiers)).map(([a, b]) => a + b),
    path: family.glob ? fc.oneof(globPath, path) : path,
    quoting: often("escaped" as const, "quoted" as const, "raw" as const),
    mode: field(MODES, filled),
    user: field(OWNERS, filled / 2),
    group: field(GROUPS, filled / 2),
    age: field(AGES, family.ages ? 8 : 0.5),
    argument: family.argument,
  });
}

const RAW: Values = {
  good: [
    "",
    "# a comment",
    "d @//a///b/ 0700 - - 10d",
    "d @/./a 0700",
    'd "@/a" 0755',
    "d @/%u 0711",
    "f @/%u-%U 0600 - - - %u",
    "  d   @/b\t0750  - -   10d  ",
    "R @/*",
    "R @/* - - - 10d",
    "e @/* - - - 0",
    "e @/*/* - - - 10d",
    "e @/* - - - amAM:10d",
    "x @/*/a",
    "X @/a",
    "X @/* - - - 10d",
    "x @/a - - - 1d",
    "d @/a - - - 10d",
    "d @/a - - - 10d",
    "D @/b - - - 0",
    "d @ - - - 10d",
    "d @ - - - 0",
    "d @ - - - amAM:1d",
    "D @ - - - 10d",
    "e @ - - - ~10d",
    "e @ - - - amAM:10d",
    "r @/*/* - - - 10d",
    "R @/*/* - - - ~10d",
    "Z @ ~0750 1 1",
    "d @/a/ 0750",
    "f @/a/ - - - - x",
    "L @/b/ - - - - a",
    "d @/a 0755 nosuchuser - 10d",
    "d @/a 0755 - nosuchgroup",
    "X @/a/b",
    "X @/*/b",
    "e @/a/* - - - aAbBmM:5d",
    "R @/{a,b}/* - - - 1d",
  ],
  bad: [
    "  ; not a comment",
    "d",
    "d relative/path",
    "d @/a/../b 0755",
    "y @/a",
    "dd @/a",
    'd "@/a 0755',
    "d @/%Z",
    "d @/a\\",
    "\xef\xbb\xbfd @/bom",
    "d @/c 0755 root root 10d -\r",
    "d @/a 0755 root root 10d extra",
    '"d" @/a',
    "d @/\\x00",
    "d '@/a' - - - 1d",
  ],
};

const families: fc.Arbitrary<Written> = fc.oneof(
  ...FAMILIES.map((family) => ({ weight: family.weight, arbitrary: line(family) })),
);

export const written: fc.Arbitrary<Written> = fc.oneof(
  { weight: 9, arbitrary: families },
  { weight: 3, arbitrary: values(RAW).map((text) => ({ raw: text.replaceAll("@", "@/tree") })) },
);

export const lines = fc.array(written, { minLength: 1, maxLength: 12, size: "max" });
