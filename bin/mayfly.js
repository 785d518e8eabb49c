#!/usr/bin/env node
"use strict";
const { readFileSync } = require("node:fs");
const { Script } = require("node:vm");
const { readCache, writeCache } = require("./code-cache.js");

/** Each bundle begins with a comment that names its build: `/*` and these many characters. */
const BUILD_LENGTH = 16;

const [, program, first, ...rest] = process.argv;
const isDropIn = first === "tmpfiles" || program.endsWith("/systemd-tmpfiles");
const face = isDropIn ? "tmpfiles" : "mayfly";
const command = isDropIn
  ? [first, ...rest].filter((each) => /^--(create|remove|clean|purge)$/.test(each)).join()
  : /^[a-z-]{1,16}$/.test(first ?? "") && first;

const filename = `${__dirname}/../dist/bin/${face}.cjs`;
const source = readFileSync(filename, "latin1");
const build = source.slice(2, 2 + BUILD_LENGTH);
const cache = readCache(face, build);
const script = new Script(source, { filename, cachedData: cache?.data });
const bundle = { exports: {} };
script.runInThisContext()(bundle.exports, require, bundle, filename, `${__dirname}/../dist/bin`);

bundle.exports.main(process.argv).then((status) => {
  const known = cache === undefined || script.cachedDataRejected ? [] : cache.commands;
  if (command && !known.includes(command)) {
    writeCache(face, build, [...known, command], script.createCachedData());
  }
  // All is written, and nothing is left to wait for: to take V8 down in order would cost 4 ms.
  process.exit(status);
});
