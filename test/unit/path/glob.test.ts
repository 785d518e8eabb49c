import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import fc from "fast-check";
import { type Bytes, bytes, fromBuffer, normalize } from "#src/base/bytes.js";
import { expandBraces, MOST_ALTERNATIVES, TooManyAlternativesError } from "#src/path/braces.js";
import { glob, literalPrefix } from "#src/path/glob.js";
import { bind, cstring } from "#src/sys/ffi.js";
import { scratch } from "../../scratch.js";

const dir = scratch({ after }, "/var/tmp");

const RAW_NAME = Buffer.from([0x72, 0xff, 0xfe]);
for (const name of ["real/sub", "real2", ".hidden", "deep/a/b", "deep/ab/b"]) {
  mkdirSync(`${dir}/${name}`, { recursive: true });
}
for (const name of ["real/f", "real/sub/f", "real2/f", "[x]", "a*b", "a{b", "é", "deep/a/b/c"]) {
  writeFileSync(`${dir}/${name}`, "");
}
writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), RAW_NAME]), "");
symlinkSync("real", `${dir}/link`);
symlinkSync("nowhere", `${dir}/dangling`);

const below = (pattern: string): string[] =>
  glob({ root: "/" as Bytes, preserveAtime: false }, bytes(`${dir}/${pattern}`)).map((path) =>
    path.slice(dir.length + 1),
  );

test("wildcards match names without a leading dot, braces expand, backslashes escape", () => {
  assert.deepEqual(below("re*l"), ["real"]);
  assert.deepEqual(below("{real,link,none}/f"), ["real/f", "link/f"]);
  assert.deepEqual(below("\\[x\\]"), ["[x]"]);
  assert.deepEqual(below("a\\*b"), ["a*b"]);
  assert.deepEqual(below(".*"), [".hidden"]);
  assert.deepEqual(below("d*/{a,ab}/b"), ["deep/a/b", "deep/ab/b"]);
  assert.deepEqual(below("a{b"), ["a{b"]);
});

test("with only a slash behind the last wildcard, only directories match", () => {
  assert.deepEqual(below("r*/{}").sort(), ["real", "real2"]);
  assert.deepEqual(below("real/*{/}"), ["real/sub"]);
  assert.deepEqual(below("{link,dangl*,a?b}{/}"), ["link"]);
  // A symlink to a directory does not match, so that no action is applied to the symlink.
  assert.deepEqual(below("l*k/{}"), []);
});

test("below a root, entries of the root itself are found", () => {
  const found = glob({ root: bytes(dir), preserveAtime: false }, bytes(`${dir}/re*`)).map((path) =>
    path.slice(dir.length + 1),
  );
  assert.deepEqual(found.sort(), ["real", "real2"]);
  assert.deepEqual(glob({ root: bytes(dir), preserveAtime: false }, bytes(`${dir}/real/*`)).length, 2);
});

test("a dangling symlink matches; a symlink to a directory is not listed", () => {
  assert.deepEqual(below("dangling"), ["dangling"]);
  assert.deepEqual(below("link/*"), []);
  assert.deepEqual(below("link/sub/*"), ["link/sub/f"]);
  assert.deepEqual(below("li*/f"), ["link/f"]);
  assert.deepEqual(below("link/no*/f"), []);
});

test("names that are not UTF-8 match", () => {
  assert.deepEqual(below("r*").sort(), ["real", "real2", fromBuffer(RAW_NAME)].sort());
});

test("a wildcard matches a byte, also in UTF-8", () => {
  assert.equal(below("?").includes(bytes("\u00e9")), false);
  assert.deepEqual(below("[!a-z[_]?"), [bytes("\u00e9")]);
});

test("braces expand", () => {
  assert.deepEqual(expandBraces(bytes("a{b,c{d,e}}f{}")), ["abf", "acdf", "acef"]);
  assert.deepEqual(expandBraces(bytes("\\{a,b}")), ["\\{a,b}"]);
});

test("the literal prefix ends before the first wildcard", () => {
  assert.equal(literalPrefix(bytes("/a/b/c*/d")), "/a/b");
  assert.equal(literalPrefix(bytes("/a*")), "/");
  assert.equal(literalPrefix(bytes("/a/b")), "/a/b");
});

// glob_t starts with the number of paths and the array of them, and is 72 bytes on 64-bit glibc and 88 on musl.
const libc = {
  glob: bind<[Buffer, number, null, Buffer], number>(
    "int glob(const void *pattern, int flags, void *errfunc, void *found)",
  ),
  globfree: bind<[Buffer], void>("void globfree(void *found)"),
  strlen: bind<[bigint], number | bigint>("size_t strlen(uintptr_t string)"),
  memcpy: bind<[Buffer, bigint, number], unknown>("void *memcpy(void *to, uintptr_t from, size_t length)"),
};
const GLOB_BRACE = 1 << 10;
const isGlibc = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
  .glibcVersionRuntime;

function libcGlob(pattern: Bytes): Bytes[] {
  const found = Buffer.alloc(256);
  if (libc.glob(cstring(pattern), GLOB_BRACE, null, found) !== 0) return [];
  const count = Number(found.readBigUInt64LE(0));
  const array = Buffer.alloc(count * 8);
  libc.memcpy(array, found.readBigUInt64LE(8), array.length);
  const paths = Array.from({ length: count }, (_, index) => {
    const at = array.readBigUInt64LE(index * 8);
    const path = Buffer.alloc(Number(libc.strlen(at)));
    libc.memcpy(path, at, path.length);
    return fromBuffer(path);
  });
  libc.globfree(found);
  return paths;
}

test("matches are those of libc's glob", { skip: isGlibc === undefined && "not on glibc" }, () => {
  const piece = fc.constantFrom(
    ..."abcdefr*?[]{},\\!-".split(""),
    "real",
    "deep",
    "*",
    "[a-f]",
    "{real,deep}",
    "link",
    "sub",
    "f",
  );
  const part = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
  const pattern = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  // libc itself lists through symlinks, where systemd's own opendir does not, and reports `.` and `..`.
  const listsThroughLink = (text: string): boolean => /li|l.*k|\*\/|\?|\[/.test(text) && text.includes("/");
  const hasOddSlash = (text: string): boolean => /\\(\/|$)|\{[^}]*\//.test(text);
  const readsAlike = (text: string): boolean => !expandBraces(bytes(text)).some(listsThroughLink);
  const comparable = pattern.filter((text) => readsAlike(text) && !hasOddSlash(text));
  fc.assert(
    fc.property(comparable, (text) => {
      const full = bytes(`${dir}/${text}`);
      assert.deepEqual(
        glob({ root: "/" as Bytes, preserveAtime: false }, full).sort(),
        libcGlob(full).map(normalize).sort(),
      );
    }),
    // The examples end in a slash once their braces are expanded.
    { numRuns: 2000, examples: [["*b/{}"], ["*f{}/"], ["\\[x\\]{/}"], ["{deep,a\\*b}/"], ["r*/s*/{,f}"]] },
  );
});

test("braces that expand to too many paths are an error, found in bounded time and memory", () => {
  const pairs = (count: number): Bytes => bytes(`/${"{a,b}".repeat(count)}`);
  assert.equal(expandBraces(pairs(12)).length, MOST_ALTERNATIVES);
  for (const pattern of [
    pairs(13),
    pairs(200_000),
    bytes(`/{${"a,".repeat(1_000_000)}}`),
    bytes(`/${"{a,b}".repeat(12)}${"{c}".repeat(1200)}`),
    bytes(`/${"{a,{b,".repeat(2000)}c${"}}".repeat(2000)}`),
  ]) {
    assert.throws(() => expandBraces(pattern), TooManyAlternativesError, pattern.slice(0, 20));
  }
  assert.deepEqual(expandBraces(bytes("/\\{a,b}")), ["/\\{a,b}"]);
  assert.deepEqual(expandBraces(bytes("/{{{{a")), ["/{{{{a"]);
});
