import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

// Rooms may import from the same room and from those on a line above their own.
const FLOORS = [
  ["base"],
  ["sys"],
  ["path"],
  ["temp", "tmpfiles"],
  ["private-tmp", "inspect", "audit"],
  ["cli"],
];
// The library writes its exclusion lines through the engine's own grammar; `explain` and `run` stand on the engine.
const root = resolve(import.meta.dirname, "../..");
const src = join(root, "src");

const sources = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);
const roomOf = (file: string): string => (file.includes("/") ? (file.split("/")[0] ?? "") : "");
const floorOf = (room: string): number => FLOORS.findIndex((floor) => floor.includes(room));

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
  return specifiers.map((specifier) => relative(src, resolve(join(src, dirname(file)), specifier)));
}

test("imports point downward only", () => {
  const upward = sources
    .filter((file) => roomOf(file) !== "")
    .flatMap((file) => importsOf(file).map((target) => ({ file, target })))
    .filter(
      ({ file, target }) =>
        roomOf(target) !== roomOf(file) && floorOf(roomOf(target)) >= floorOf(roomOf(file)),
    )
    .filter(({ file, target }) => !(roomOf(file) === "temp" && roomOf(target) === "tmpfiles"));
  assert.deepEqual(upward, []);
});

test("only sys/ffi.ts loads koffi", () => {
  const loading = sources.filter((file) => /["']koffi["']/.test(readFileSync(join(src, file), "utf8")));
  assert.deepEqual(loading, ["sys/ffi.ts"]);
});

test("files stay within a room's size", () => {
  const lines = (file: string): number => readFileSync(join(src, file), "utf8").split("\n").length;
  assert.deepEqual(
    sources.filter((file) => lines(file) > 320),
    [],
  );
});
