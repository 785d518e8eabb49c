#!/usr/bin/env node
"use strict";
const { load } = require("./load.js");

load()
  .program.main(process.argv)
  .then((status) => {
    // All is written, and nothing is left to wait for: to take V8 down in order would cost 4 ms.
    process.exit(status);
  });
