import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { parseOptions } from "#src/cli/getopt.js";
import type { Option } from "#src/cli/options.js";

const TABLE: readonly Option[] = [
  { name: "create", help: "" },
  { name: "clean", help: "" },
  { name: "prefix", value: "PATH", multiple: true, help: "" },
  { name: "root", value: "PATH", help: "" },
  { name: "dry-run", short: "n", help: "" },
  { short: "E", help: "" },
  { name: "jobs", short: "j", value: "N", help: "" },
  { name: "color", value: "WHEN", optional: true, choices: ["", "always", "never"], help: "" },
  { name: "help", short: "h", help: "" },
];
const parse = (...args: string[]) => parseOptions(TABLE, args.map(bytes));
const message = (...args: string[]): string => {
  try {
    parse(...args);
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};

test("operands and options stand in any order, until --", () => {
  const { options, operands } = parse("a", "--create", "-", "-n", "--", "--clean", "-x");
  assert.deepEqual(operands, ["a", "-", "--clean", "-x"]);
  assert.equal(options.create, true);
  assert.equal(options["dry-run"], true);
  assert.equal(options.clean, false);
});

test("a value follows as its own argument or after =, and may be empty or look like an option", () => {
  const { options } = parse("--prefix", "/a", "--prefix=/b=c", "--prefix=", "--root", "--create");
  assert.deepEqual(options.prefix, ["/a", "/b=c", ""]);
  assert.equal(options.root, "--create");
  assert.equal(options.create, false);
});

test("a long option may be shortened to an unambiguous prefix; a full name is never ambiguous", () => {
  assert.equal(parse("--cre").options.create, true);
  assert.deepEqual(parse("--pre=/x").options.prefix, ["/x"]);
  assert.equal(message("--c"), "option '--c' is ambiguous; possibilities: --create, --clean, --color");
  const table = [{ name: "image", help: "" } as const, { name: "image-policy", help: "" } as const];
  assert.equal(parseOptions(table, [bytes("--image")]).options.image, true);
});

test("short options bundle, and the last one may carry its value", () => {
  const { options } = parse("-nEj4");
  assert.equal(options.E, true);
  assert.equal(options.jobs, "4");
  assert.equal(parse("-nj", "5").options.jobs, "5");
  assert.equal(message("-nx"), "unrecognized option '-x'");
});

test("invalid options are reported with the messages of systemd-tmpfiles 262", () => {
  assert.equal(message("--foo"), "unrecognized option '--foo'");
  assert.equal(message("--=x"), "unrecognized option '--'");
  assert.equal(message("---"), "unrecognized option '---'");
  assert.equal(message("--create=1"), "option '--create' doesn't allow an argument");
  assert.equal(message("--cre="), "option '--cre' doesn't allow an argument");
  assert.equal(message("--ro"), "option '--ro' requires an argument");
  assert.equal(message("-j"), "option '-j' requires an argument");
});

test("an optional value is never the next argument", () => {
  assert.equal(parse("--color", "always").options.color, "");
  assert.equal(parse("--color=always").options.color, "always");
  assert.match(message("--color=blue"), /expects one of .*, not 'blue'/);
});

test("--help stops parsing the command line", () => {
  const { options } = parseOptions(TABLE, ["-nh", "--foo"].map(bytes), { halt: ["help"] });
  assert.equal(options.help, true);
});

test("options after the first operand belong to the command that is run", () => {
  const { options, operands } = parseOptions(TABLE, ["-n", "ls", "-l", "--", "--create"].map(bytes), {
    stopsAtOperand: true,
  });
  assert.deepEqual(operands, ["ls", "-l", "--", "--create"]);
  assert.equal(options.create, false);
});

test("arguments that are not UTF-8 are accepted, and escaped in messages", () => {
  const raw = "--root=/\xff\xfe" as ReturnType<typeof bytes>;
  assert.equal(parseOptions(TABLE, [raw]).options.root, "/\xff\xfe");
  assert.throws(() => parseOptions(TABLE, ["--\xff\n" as ReturnType<typeof bytes>]), {
    message: "unrecognized option '--\\xff\\n'",
  });
});
