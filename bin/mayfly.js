#!/usr/bin/env node
"use strict";
const { readFileSync } = require("node:fs");
const { Script } = require("node:vm");

/**
 * Compiles one of the two faces, each of them a function in one file, with what V8 made of it when it was built: that saves
 * two thirds of the time from the start to the first line of ours. V8 checks that the cache is its own; another version of
 * Node compiles anew. The cache lies beside the program and nowhere else: code from a guessable place in /tmp is what
 * Mayfly exists to prevent.
 */
function compile(face, cachedData = readCache(face)) {
  const filename = fileOf(face);
  return new Script(readFileSync(filename, "latin1"), { filename, cachedData });
}

function run(script, face) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, fileOf(face), `${__dirname}/../dist/bin`);
  return module.exports;
}

const fileOf = (face) => `${__dirname}/../dist/bin/${face}.cjs`;
const cacheOf = (face) => `${fileOf(face)}.cache`;

function readCache(face) {
  try {
    return readFileSync(cacheOf(face));
  } catch {
    return undefined;
  }
}

if (require.main === module) {
  const [, program, command] = process.argv;
  const face = command === "tmpfiles" || program.endsWith("/systemd-tmpfiles") ? "tmpfiles" : "mayfly";
  run(compile(face), face)
    .main(process.argv)
    .then((status) => {
      // All is written, and nothing is left to wait for: to take V8 down in order would cost 4 ms.
      process.exit(status);
    });
}

// For those who build the caches.
module.exports = { compile, run, cacheOf };
