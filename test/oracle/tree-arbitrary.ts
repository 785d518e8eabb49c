/** Random trees. Names come from a small set, so that lines often match entries. */
import fc from "fast-check";
import type { Entry, Kind, Path } from "./tree.js";

const PLAIN = ["a", "a", "b", "b", "c"];
const ODD = [
  ".hidden",
  "\xff\xfe",
  "new\nline",
  "q\"uo'te",
  "[ab]",
  "sp ace",
  "per%cent",
  "back\\slash",
  "*",
  "{a,b}",
  "\u00c3\u00a4",
  "lost+found",
  ".journal",
  "aquota.user",
  "-dash",
  "long".repeat(60),
];

export const name = fc.oneof(
  { weight: 14, arbitrary: fc.constantFrom(...PLAIN) },
  { weight: 2, arbitrary: fc.constantFrom(...ODD) },
);

export const path: fc.Arbitrary<Path> = fc.oneof(
  { weight: 20, arbitrary: fc.array(name, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(name, { minLength: 4, maxLength: 6, size: "max" }) },
);

const HOUR = 3600;
const DAY = 86_400;
/** None is within minutes of an age in the lines, so that no result depends on the duration of a run. */
const ago = fc.option(
  fc.oneof(
    {
      weight: 24,
      arbitrary: fc.constantFrom(
        1,
        2 * HOUR,
        DAY + 3 * HOUR,
        9 * DAY,
        11 * DAY,
        40 * DAY,
        3000 * DAY,
        -2 * DAY,
      ),
    },
    // Before 1970.
    { weight: 1, arbitrary: fc.constant(25_000 * DAY) },
  ),
  {
    nil: undefined,
  },
);

const kind: fc.Arbitrary<Kind> = fc.oneof(
  { weight: 10, arbitrary: fc.constant("file" as const) },
  { weight: 8, arbitrary: fc.constant("directory" as const) },
  { weight: 3, arbitrary: fc.constant("symlink" as const) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "fifo" as const,
      "dead-socket" as const,
      "live-socket" as const,
      "hard-link" as const,
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("null-device" as const, "block-device" as const, "mount" as const),
  },
);

const mode = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.constantFrom(0o755, 0o644, 0o700, 0o600) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(0o1777, 0o1755, 0o1644, 0o4755, 0o2755, 0o000, 0o555, 0o444, 0o666, 0o777),
  },
);

const owner = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.constantFrom(0, 65534, 1000, 1) },
);

/** `@` is the copy: it has the tree and, beside it, a directory that no line names. */
export const linkTarget = fc.oneof(
  fc.constantFrom("a", "b", "../a", "missing", "a/b", ".", "../outside", "@/outside", "@/outside/file"),
  path.map((names) => `@/tree/${names.join("/")}`),
);

const rarely = (value: fc.Arbitrary<boolean>): fc.Arbitrary<boolean | undefined> =>
  fc.option(value, { freq: 12, nil: undefined }).map((given) => given || undefined);

// Without undefined fields, so that a reduced case is readable.
const sparse = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;

export const entry: fc.Arbitrary<Entry> = fc
  .record({
    path,
    kind,
    mode,
    uid: owner,
    gid: owner,
    atimeAgo: ago,
    mtimeAgo: ago,
    content: fc.constantFrom(undefined, "", "text\n", "bytes\xff\x00\n"),
    link: linkTarget,
    hardLink: path,
    xattr: rarely(fc.constant(true)),
    acl: rarely(fc.constant(true)),
    lock: fc.option(fc.constantFrom("shared" as const, "exclusive" as const), { freq: 8, nil: undefined }),
    // fast-check's freq n means that 1 of n is nil: turned round here.
    immutable: fc.integer({ min: 0, max: 60 }).map((n) => (n === 60 ? true : undefined)),
    appendOnly: fc.integer({ min: 0, max: 80 }).map((n) => (n === 80 ? true : undefined)),
    defaultAcl: fc.integer({ min: 0, max: 25 }).map((n) => (n === 25 ? true : undefined)),
    locked: fc.integer({ min: 0, max: 9 }).map((n) => n === 9),
    dressed: fc.integer({ min: 0, max: 9 }).map((n) => n === 9),
  })
  .map((raw) =>
    sparse({
      path: raw.path,
      kind: raw.kind,
      mode: raw.mode,
      uid: raw.uid,
      gid: raw.gid,
      atimeAgo: raw.atimeAgo,
      mtimeAgo: raw.mtimeAgo,
      content: raw.kind === "file" ? raw.content : undefined,
      target:
        raw.kind === "symlink" ? raw.link : raw.kind === "hard-link" ? raw.hardLink.join("/") : undefined,
      xattr: raw.dressed ? raw.xattr : undefined,
      acl: raw.dressed ? raw.acl : undefined,
      lock: raw.locked ? raw.lock : undefined,
      immutable: raw.immutable,
      appendOnly: raw.immutable ? undefined : raw.appendOnly,
      defaultAcl: raw.kind === "directory" ? raw.defaultAcl : undefined,
    } as Entry),
  );

export const tree = fc.array(entry, { minLength: 1, maxLength: 30, size: "max" });
