/** What the pages of `mayfly report --per-user` name: nothing that stat(2) would not give that user. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mayfly } from "../e2e/program.js";
import { cannotBeNobody } from "../ordinary-user.js";
import { has } from "../requirements.js";
import { scratch } from "../scratch.js";

const USERS = [61_001, 61_002] as const;
const CASES = Number(process.env.CASES ?? 3);
const MODES = [0o700, 0o711, 0o755, 0o750, 0o770, 0o1777, 0o744];

/** A tree of both users and root in which each name occurs once. */
function randomTree(top: string, seed: number): string[] {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor(((state >> 8) / 2 ** 23) * below);
  };
  const paths: string[] = [];
  const fill = (directory: string, depth: number): void => {
    mkdirSync(directory);
    paths.push(directory);
    for (let index = 0; index < 5; index++) {
      const path = join(directory, `secret-${seed}-${paths.length}-${random(1e6)}`);
      if (depth < 3 && random(2) === 0) fill(path, depth + 1);
      else {
        writeFileSync(path, "x".repeat(random(9000)));
        paths.push(path);
      }
      chownSync(path, [0, ...USERS][random(3)] ?? 0, random(2) === 0 ? 0 : 61_001);
      if (statSync(path).isDirectory()) chmodSync(path, MODES[random(MODES.length)] ?? 0o700);
      if (has("setfacl") && random(6) === 0)
        spawnSync("setfacl", ["-m", `u:${USERS[1]}:---,g:61001:---`, path]);
    }
  };
  fill(top, 0);
  chmodSync(top, 0o1777);
  return paths;
}

/** Those of the paths that stat(2) gives the user. */
function seenBy(uid: number, paths: readonly string[]): Set<string> {
  const script = `const { lstatSync } = require("node:fs");
    const paths = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    console.log(JSON.stringify(paths.filter((path) => { try { lstatSync(path); return true; } catch { return false; } })));`;
  const { stdout, status, stderr } = spawnSync(process.execPath, ["-e", script], {
    uid,
    gid: 65_534,
    cwd: "/",
    input: JSON.stringify(paths),
    encoding: "utf8",
    maxBuffer: 1 << 26,
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  return new Set(JSON.parse(stdout) as string[]);
}

test("a page has no name that stat would not give its user", { skip: cannotBeNobody }, (t) => {
  let hidden = 0;
  for (let seed = 1; seed <= CASES; seed++) {
    const place = scratch(t);
    chmodSync(place, 0o755);
    const top = join(place, "top");
    const paths = randomTree(top, seed);
    const config = join(place, "private.conf");
    writeFileSync(config, `d ${top} - - - mM:10d\n`, { mode: 0o600 });
    const pages = join(place, "pages");
    const { status, stderr } = mayfly(["report", "--config", config, "--per-user", pages, top]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.deepEqual(readdirSync(pages).sort(), ["0.html", ...USERS.map((uid) => `${uid}.html`)]);
    for (const uid of USERS) {
      const file = join(pages, `${uid}.html`);
      const stat = statSync(file);
      assert.deepEqual([stat.uid, stat.mode & 0o777], [uid, 0o400]);
      const text = readFileSync(file, "latin1");
      const seen = seenBy(uid, paths);
      hidden += paths.length - seen.size;
      let named = 0;
      for (const path of paths) {
        const name = path.slice(path.lastIndexOf("/") + 1);
        if (!text.includes(name)) continue;
        named++;
        assert.ok(seen.has(path), `${uid} cannot stat ${path}`);
      }
      assert.ok(named > 1);
      assert.ok(!text.includes("private.conf"), "the name of a file that only root can read");
    }
    const all = readFileSync(join(pages, "0.html"), "latin1");
    for (const path of paths) assert.ok(all.includes(path.slice(path.lastIndexOf("/") + 1)), path);
  }
  assert.ok(hidden > 0);
});
