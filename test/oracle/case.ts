/** A case: a tree, a configuration, and the arguments of both programs. All of it is data. */
import fc from "fast-check";
import { cannotBeNobody } from "../ordinary-user.js";
import { lines, render, type Written } from "./configuration.js";
import type { Entry } from "./tree.js";
import { tree } from "./tree-arbitrary.js";

export type Operation = "--create" | "--clean" | "--remove" | "--purge";

/** Where a file of the configuration lies: given as an argument, or in a directory that is searched. */
export type Place =
  | "argument"
  | "etc/tmpfiles.d"
  | "run/tmpfiles.d"
  | "usr/local/lib/tmpfiles.d"
  | "usr/lib/tmpfiles.d";

export interface File {
  readonly name: string;
  readonly place: Place;
  readonly lines: readonly Written[];
  /** A symlink to /dev/null in its place. */
  readonly masked?: boolean;
}

export interface Case {
  readonly entries: readonly Entry[];
  readonly files: readonly File[];
  readonly operations: readonly Operation[];
  readonly options: readonly string[];
  /** `--root` is the copy, and lines name paths in it. */
  readonly rooted: boolean;
  readonly delivery: "files" | "stdin" | "inline";
  readonly clockDays: number;
  readonly disk: "/var/tmp" | "/dev/shm";
  /** With the credential `tmpfiles.extra`. */
  readonly extra: readonly Written[];
  /** An ordinary user runs it. */
  readonly unprivileged: boolean;
}

const operations: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(["--clean"] as const) },
  { weight: 5, arbitrary: fc.constant(["--create"] as const) },
  { weight: 3, arbitrary: fc.constant(["--remove"] as const) },
  { weight: 2, arbitrary: fc.constant(["--purge"] as const) },
  { weight: 3, arbitrary: fc.constant(["--remove", "--create"] as const) },
  { weight: 2, arbitrary: fc.constant(["--clean", "--remove"] as const) },
  { weight: 1, arbitrary: fc.constant(["--clean", "--remove", "--create"] as const) },
  { weight: 1, arbitrary: fc.constant(["--clean", "--create"] as const) },
  { weight: 1, arbitrary: fc.constant(["--purge", "--clean", "--create"] as const) },
  { weight: 1, arbitrary: fc.constant(["--purge", "--remove", "--create"] as const) },
);

const sometimes = (value: fc.Arbitrary<string>, one_of: number): fc.Arbitrary<string[]> =>
  fc.tuple(fc.nat(one_of - 1), value).map(([n, option]) => (n === one_of - 1 ? [option] : []));

const options = fc
  .tuple(
    sometimes(fc.constant("--boot"), 2),
    sometimes(fc.constant("--graceful"), 8),
    sometimes(fc.constant("--dry-run"), 14),
    sometimes(fc.constant("--user"), 20),
    sometimes(
      fc.constantFrom(
        "--prefix=@/tree/a",
        "--prefix=@/tree/b",
        "--prefix=@/tree/a/b",
        "--prefix=@/tree/",
        "--prefix=@",
      ),
      10,
    ),
    sometimes(fc.constantFrom("--exclude-prefix=@/tree/a", "--exclude-prefix=@/tree/c", "-E"), 10),
    sometimes(
      fc.constantFrom("--replace=/etc/tmpfiles.d/10-x.conf", "--replace=/usr/lib/tmpfiles.d/15-y.conf"),
      16,
    ),
  )
  .map((given) => given.flat());

const fileName = fc.constantFrom("10-x.conf", "20-y.conf", "a.conf", "odd name.conf", "no-suffix");
const place = fc.constantFrom<Place[]>(
  "argument",
  "etc/tmpfiles.d",
  "run/tmpfiles.d",
  "usr/local/lib/tmpfiles.d",
  "usr/lib/tmpfiles.d",
);

const files = fc.oneof(
  {
    weight: 4,
    arbitrary: lines.map((one) => [{ name: "10-x.conf", place: "argument" as const, lines: one }]),
  },
  {
    weight: 1,
    arbitrary: fc.array(fc.record({ name: fileName, place: fc.constant("argument" as const), lines }), {
      minLength: 1,
      maxLength: 3,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.array(fc.record({ name: fileName, place, lines, masked: fc.nat(7).map((n) => n === 7) }), {
      minLength: 1,
      maxLength: 4,
    }),
  },
);

export const anyCase: fc.Arbitrary<Case> = fc
  .record({
    entries: tree,
    files,
    operations,
    options,
    rooted: fc.nat(3).map((n) => n === 3),
    delivery: fc.constantFrom(
      "files" as const,
      "files" as const,
      "files" as const,
      "files" as const,
      "stdin" as const,
      "inline" as const,
    ),
    clockDays: fc.constantFrom(0, 0.125, 5, 20, 20, 20, 1000),
    disk: fc.constantFrom("/var/tmp" as const, "/dev/shm" as const),
    extra: fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: lines }),
    unprivileged: fc.nat(9).map((n) => n === 9),
  })
  .map(settled);

/** Resolves options that exclude each other: the configuration directories are only the test's own below a root. */
function settled(raw: Case): Case {
  const searched = raw.files.some((file) => file.place !== "argument");
  const rooted = raw.rooted || searched;
  const purging = raw.operations.includes("--purge");
  const placed =
    searched && purging ? raw.files.map((file) => ({ ...file, place: "argument" as const })) : raw.files;
  const options = raw.options.filter(
    (option) => !(option === "--user" && rooted) && !(option.startsWith("--replace") && !rooted),
  );
  const unprivileged = raw.unprivileged && cannotBeNobody === false;
  return { ...raw, options, rooted, files: placed, unprivileged };
}

export const baseOf = (copy: Buffer, one: Case): string => (one.rooted ? "" : copy.toString("latin1"));

export function textOf(written: readonly Written[], base: string): string {
  return `${written.map((line) => render(line, base)).join("\n")}\n`;
}

/** The command line, without the program, for the copy at `copy`. */
export function commandLine(one: Case, copy: Buffer): string[] {
  const base = baseOf(copy, one);
  const at = copy.toString("latin1");
  const given = one.files.filter((file) => file.place === "argument");
  const inline = given
    .flatMap((file) => file.lines.map((line) => render(line, base)))
    .filter((text) => text !== "");
  const configuration =
    one.delivery === "stdin"
      ? ["-"]
      : one.delivery === "inline"
        ? inline
        : given.map((file) => `${at}/conf/${file.name}`);
  return [
    ...one.operations,
    ...one.options.map((option) => option.replaceAll("@", base)),
    ...(one.rooted ? [`--root=${at}`] : []),
    ...(one.delivery === "inline" && given.length > 0 ? ["--inline"] : []),
    ...(given.length > 0 ? ["--", ...configuration] : []),
  ];
}

/** The case as a person reads it. */
export function show(one: Case): string {
  const { entries, files, extra, ...rest } = one;
  const list = (written: readonly Written[]): string[] =>
    written.map((line) => `    ${JSON.stringify(render(line, "@"))}`);
  return [
    `  ${JSON.stringify(rest)}`,
    "  tree:",
    ...entries.map(
      ({ path, kind, ...more }) => `    ${kind} ${JSON.stringify(path.join("/"))} ${JSON.stringify(more)}`,
    ),
    ...files.flatMap((file) => [
      `  ${file.place} ${file.name}${file.masked ? " masked" : ""}:`,
      ...list(file.lines),
    ]),
    ...(extra.length > 0 ? ["  tmpfiles.extra:", ...list(extra)] : []),
  ].join("\n");
}
