/** Private words for things that have a common name. Some must not appear at all, others must not name a declaration. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

const project = resolve(import.meta.dirname, "../..");
const FOLDERS = ["src", "bin", "test", "bench", "scripts", "docs", ".github"];

/** These have no other use here. Identifiers are split into words, so `newTally` counts as `tally`. */
const WORDS: Readonly<Record<string, string>> = {
  affixes: "wildcard index",
  arrival: "preVisit",
  blocker: "first kept child",
  borrows: "inherits an age",
  complaint: "error",
  crew: "worker pool",
  deed: "action",
  departing: "pending deletes",
  departure: "postVisit",
  hands: "effects",
  imagined: "hypothetical",
  ledger: "statistics, totals",
  lender: "source of an age",
  lenders: "sources of an age",
  lends: "has an age",
  lens: "observer",
  namer: "process resolver",
  omission: "ignored line",
  onlooker: "observer",
  painter: "colors",
  parcel: "message",
  parcels: "messages",
  sink: "output",
  skim: "scan",
  spoil: "mark stale",
  surroundings: "environment",
  tallies: "counters",
  tally: "counters",
  traceless: "without changing timestamps",
  unfitness: "why unsafe",
  wish: "spec",
  witness: "process hint",
};

/**
 * Ordinary words that the code used for something of its own. No type, function or constant at the top level of a file has
 * one of these as its whole name.
 */
const NAMES: Readonly<Record<string, string>> = {
  AS_262: "a dialect",
  Block: "EventGroup",
  Creation: "CreateRequest",
  Folder: "EventCoalescer",
  Inside: "TrieNode",
  Instance: "RemovalTarget",
  Made: "CreateResult",
  Level: "DirectoryFrame",
  Maker: "CreateFunction",
  Model: "LineTemplate",
  Place: "TrieEntry",
  Rejection: "LineError",
  Subject: "EntryContext",
  World: "Environment",
  asIn252: "a dialect",
  board: "WorkQueue",
  concerns: "appliesTo",
  dismiss: "shut down",
  door: "platform",
  dryHands: "dryRunEffects",
  floor: "layer",
  fold: "coalesce",
  give: "offload",
  ground: "ResolveContext",
  held: "pending rename",
  hold: "register",
  holds: "matches",
  house: "codebase",
  immediately: "syncStep",
  joined: "join",
  judge: "evaluate",
  leftovers: "cleanup registry",
  lingering: "in-use marker",
  looks: "evaluation",
  meet: "merge",
  member: "worker",
  ordinary: "fast path",
  parent: "dirname",
  part: "slot",
  pass: "scan",
  passTooNew: "skipRecentFiles",
  pool: "FreeList",
  publish: "push",
  reach: "resolvePartial",
  realHands: "realEffects",
  remark: "note",
  resolveLike: "resolveFromTemplate",
  room: "module",
  seen: "mount view",
  selection: "config options",
  settle: "scheduleRestat",
  share: "offload",
  show: "escapeForDisplay",
  simplify: "normalize",
  stage: "session",
  steps: "SyncAsync",
  told: "reported",
  trust: "parent safety",
  via: "source",
  walkHands: "walkEffects",
  wayOut: "fix",
  words: "format",
};

/** What a file declares at its top level. */
const DECLARATION =
  /^(?:export )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|let) ([A-Za-z_$][\w$]*)/;

const OWN = "test/vocabulary.test.ts";

function filesIn(folder: string): string[] {
  return readdirSync(join(project, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|js|md|sh|c|yml)$/.test(name))
    .map((name) => join(folder, name));
}

/** The words of a line, those of identifiers too: `newTally`, `NEW_TALLY` and `new-tally` have two each. */
function wordsOf(line: string): string[] {
  return line
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
}

test("names, texts and comments use common terms", () => {
  const pages = readdirSync(project).filter((name) => name.endsWith(".md"));
  const files = [...pages, ...FOLDERS.flatMap(filesIn)].filter((file) => file !== OWN);
  const found = files.flatMap((file) =>
    readFileSync(join(project, file), "utf8")
      .split("\n")
      .flatMap((line, index) =>
        wordsOf(line)
          .filter((word) => Object.hasOwn(WORDS, word))
          .map((word) => `${file}:${index + 1}: "${word}": use ${WORDS[word]}`),
      ),
  );
  assert.deepEqual(found, []);
});

function declared(file: string): string[] {
  const lines = readFileSync(join(project, file), "utf8").split("\n");
  return lines.map((line) => DECLARATION.exec(line)?.[1]).filter((name) => name !== undefined);
}

test("declarations have common names", () => {
  const files = filesIn("src").filter((file) => file.endsWith(".ts"));
  const found = files.flatMap((file) =>
    declared(file)
      .filter((name) => Object.hasOwn(NAMES, name))
      .map((name) => `${file}: ${name}: use ${NAMES[name]}`),
  );
  assert.deepEqual(found, []);
});
