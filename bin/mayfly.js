#!/usr/bin/env node
"use strict";
const { load } = require("./load.js");

load()
  .program.main(process.argv)
  .then((status) => {
    process.exitCode = status;
  });
