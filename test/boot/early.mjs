// Runs in the booted system before /tmp is mounted: notes where the library puts a directory then.
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtempSync } from "mayfly";

if (/ \/tmp /.test(readFileSync("/proc/self/mountinfo", "utf8"))) throw new Error("/tmp is mounted already");
const directory = mkdtempSync();
writeFileSync(`${directory.path}/made`, "");
writeFileSync("/run/early", directory.path);
