import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { type Bytes, bytes } from "#src/base/bytes.js";
import { parseMountInfo } from "#src/sys/mountinfo.js";
import { checkSync } from "#src/tmpfiles/check/check.js";
import { RULES } from "#src/tmpfiles/check/rules.js";
import { mayfly } from "../../../e2e/program.js";
import { scratch } from "../../../scratch.js";

const mounts = parseMountInfo(
  "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /scratch rw,noatime - ext4 /dev/b rw\n" as Bytes,
);

const find = (lines: readonly string[]): string[] =>
  checkSync({ args: lines.map(bytes), inline: true, environment: {}, mounts }).map(
    ({ code, line, column }) => `${line}:${column} ${code}`,
  );

/** Each planted mistake, with `<<` where it must be found, and a correct variant of it. */
const planted: readonly (readonly [code: string, lines: readonly string[]])[] = [
  ["age-never-cleans", ["z /srv/a - - - <<10d", "d /srv/b - - - 10d"]],
  ["age-never-cleans", ["f /run/a - - - <<1d"]],
  ["age-at-boot-only", ["<<d! /srv/a - - - 14d", "d! /srv/b 0755"]],
  ["age-at-boot-only", ["<<D! /srv/a - - - 10d"]],
  ["age-at-boot-only", ["<<q! /srv/a - - - 14d", "x /srv/b - - - 1d"]],
  ["age-at-boot-only", ["<<R! /srv/a/* - - - 14d", "R /srv/b/* - - - 14d"]],
  ["age-in-seconds", ["e /var/tmp - - - <<5", "e /srv/a - - - 5s", "e /srv/b - - - 5d"]],
  ["age-in-seconds", ["d /srv/a - - - <<~mM:30", "d /srv/b - - - ~mM:30min"]],
  ["unshielded-by-day", ["q /tmp 1777 root root 10d", "r! <</tmp/.X[0-9]*-lock"]],
  ["unshielded-by-day", ["e /tmp - - - 10d", "D! <</tmp/.X11-unix 1777"]],
  ["age-at-boot-only", ["<<e! /var/cache/a - - - 0", "e! /var/cache/b 0755", "D! /var/cache/c - - - 0"]],
  ["exclusion-at-boot-only", ["<<x! /srv/a", "x /srv/b"]],
  ["no-sticky-bit", ["d /srv/a <<0777", "d /srv/b 1777", "d /srv/c 0775"]],
  ["no-sticky-bit", ["e /srv/*/ <<0777"]],
  ["world-writable-file", ["f! /tmp/a <<0666", "f! /tmp/b 0664"]],
  ["world-writable-file", ["z /srv/a <<0666", "z /dev/a 0666", "z /srv/b 1777", "z /srv/c 0664"]],
  ["guessable-in-shared-directory", ["d <</tmp/a", "d! /tmp/b", "d /tmp/c-%b", "d /run/d", "d! /tmp/b/c"]],
  ["guessable-in-shared-directory", ["d /srv/a 1777", "f <</srv/a/b"]],
  ["removes-system", ["R <</*", "R /tmp/*", "r /etc/*.lock", "R /home/*/cache"]],
  ["removes-system", ["D! <</var", "D! /run/a"]],
  ["removes-system", ["R <</{*,b}", "R /{tmp,run}/a*"]],
  ["removes-system", ["d$ <</usr", "d /usr", "d$ /usr/lib/a"]],
  ["ages-system", ["e <</ - - - 10d", "d /var/cache/a - - - 10d"]],
  ["recursive-on-system", ["Z <</ 0755 root root", "Z /srv/a 0755", "Z /usr"]],
  ["recursive-on-system", ["Z <</usr 0755"]],
  ["recursive-on-system", ["A+ <</ - - - - u:root:rwx", "a+ / - - - - u:root:rwx"]],
  ["recursive-on-system", ["H <</etc/* - - - - +i", "H /etc/a - - - - +i"]],
  ["directory-without-search", ["D! /run/podman <<0600 root root", "D! /run/a 0700"]],
  ["directory-without-search", ["d /run/app <<644", "d /run/b ~755", "f /run/c 0644"]],
  ["directory-without-search", ["d /run/b <<~644", "Z /run/a :0644", "z /run/c 0644"]],
  ["directory-without-search", ["Z /srv/a <<0644", "Z /srv/b ~0755"]],
  ["directory-without-search", ["Z /srv/a <<~0640", "Z /srv/b"]],
  [
    "acl-masked-by-mode",
    ["d /srv/log 0700", "a+ /srv/log - - - - <<u:root:rx", "d /srv/b 0750", "a+ /srv/b - - - - u:root:rx"],
  ],
  [
    "acl-masked-by-mode",
    [
      "d /srv/log 0700",
      "a+ /srv/log - - - - u:root:rx,m::rx",
      "z /srv/c 0640",
      "a+ /srv/c - - - - <<g:root:rw",
    ],
  ],
  ["double-star", ["r! /srv/a/<<**/*", "r! /srv/b/*/*"]],
  ["quoted-argument", [`f /srv/a 0644 - - - <<"hello world"`, `f /srv/b - - - - say "hello"`]],
  ["quoted-argument", [`L /srv/a - - - - <<'/a b'`, "L /srv/b - - - - /a b"]],
  ["untidy-path", ["d /srv<<//a", "d /srv/b/"]],
  ["untidy-path", ["d /srv<</./a"]],
  ["duplicate-at-boot", ["D! /srv/a 1777", "q <</srv/a 1777 root root 10d"]],
  ["recursive-on-shared-tree", ["Z <</tmp/a 0755", "Z /srv/a 0755"]],
  ["recursive-on-shared-tree", ["d /srv/a 1777", "A <</srv/a/b - - - - u:root:r"]],
  ["recursive-on-shared-tree", ["Z /srv/a <<0777"]],
  ["duplicate", ["d /srv/a 0755", "d <</srv/a 0700"]],
  ["var-run", ["d <</var/run/a", "d /run/b"]],
  [
    "age-by-atime-on-noatime",
    [
      "d /scratch/a - - -  <<a:10d",
      "d /scratch/b - - - 10d",
      "d /srv/a - - - a:10d",
      "d /scratch/c - - - b:10d",
    ],
  ],
  ["age-of-nothing", ["d /srv/a - - - <<0", "e! /srv/b - - - -", "x /srv/c - - - 0"]],
  ["wildcard-in-a-name", ["d <</srv/a*", "e /srv/b*"]],
  ["braces-in-glob", ["x /srv/a/<<{b,c}", "w /srv/{a,b} - - - - x", "x /srv/{a}"]],
  ["exclusion-misses-glob", ["e /data/* - - - 10d", "x <</data/a", "x /data/a/*"]],
  ["exclusion-misses-glob", ["R /data/*", "x <</data/a"]],
  [
    "unsafe-owner-transition",
    ["d /srv/a - 1000", "d /srv/a/b", "d <</srv/a/b/c", "d /srv/a/c - 1000", "d /srv/a/c/d"],
  ],
  ["unsafe-owner-transition", ["d /srv/a - 1000", "d <</srv/a/made-on-the-way/b"]],
  [
    "unsafe-owner-transition",
    ["d /srv/a - 1000", "f /srv/a/b", "z <</srv/a/b 0644", "z /srv/a/not-ours 0644"],
  ],
  ["unsafe-owner-transition", ["d /srv/a - 1000", "d /srv/a/b", "e <</srv/a/b 0700", "e /srv/a 0700"]],
  ["unused-modifier", ["d<<+ /srv/a", "f+ /srv/b"]],
  ["unused-modifier", ["r!<<- /srv/a"]],
  ["unused-mode", ["x /srv/a <<0755"]],
  ["unused-mode", ["L /srv/a <<0755 root root - /srv/b"]],
  ["unused-owner", ["r /srv/a - <<root"]],
  ["path-with-dots", ["d <</srv/../a", "d /srv/..a"]],
  ["bad-base64", ["f~ /srv/a - - - - <<!", "f~ /srv/b - - - - YQ=="]],
  ["missing-path", ["bogus<<", "d /srv/a"]],
  ["bad-mode", ["d /srv/b <<9", "f~ /srv/b - - - - YQ=="]],
  ["unknown-user", ["d /srv/b - <<nobody-here"]],
];

/** What must be found, and the lines without the mark. */
function unmark([code, marked]: (typeof planted)[number]): { finding: string; lines: string[] } {
  const at = marked.findIndex((line) => line.includes("<<"));
  const column = (marked[at] ?? "").indexOf("<<") + 1;
  return { finding: `${at + 1}:${column} ${code}`, lines: marked.map((line) => line.replace("<<", "")) };
}

test("each planted defect is found where it is, and nothing else", () => {
  for (const defect of planted) {
    const { finding, lines } = unmark(defect);
    assert.deepEqual(find(lines), [finding], lines.join("\n"));
  }
});

test("each rule finds a planted defect", () => {
  // e2e/pragmas.test.ts: lines on a command line have no pragmas.
  const elsewhere = ["symlinked-directory", "pragma-without-age"];
  const found = new Set([...elsewhere, ...planted.map(([code]) => code)]);
  assert.deepEqual(
    RULES.map((rule) => rule.code).filter((code) => !found.has(code)),
    [],
  );
});

test("lines that protect a path without --boot are recognized", () => {
  const aged = "d /tmp 1777 root root 10d";
  assert.deepEqual(find([aged, "r! /tmp/.X*-lock", "x /tmp/.X*-lock"]), []);
  assert.deepEqual(find([aged, "R! /tmp/private-*", "x /tmp/private-%b-*"]), []);
  assert.deepEqual(find([aged, "D! /tmp/.X11-unix", "x /tmp/.X11-unix"]), []);
  assert.deepEqual(find(["d /tmp 1777", "r! /tmp/.X*-lock"]), []);
});

test("the X11 directories are known, as Debian creates them with 262", () => {
  assert.deepEqual(find(["D /tmp/.X11-unix 1777 root root 1h", "D /tmp/.ICE-unix 1777 root root 1h"]), []);
  assert.deepEqual(find(["D /tmp/.X11-unix 0755"]), ["1:3 guessable-in-shared-directory"]);
});

test("problems after a line that stops a run are found", () => {
  assert.deepEqual(find(["f~ /srv/a - - - - !", "d /srv/b 9"]), ["1:19 bad-base64", "2:10 bad-mode"]);
});

test("overriding a line only at boot is not a problem", () => {
  const [finding] = checkSync({ args: ["d! /srv/a 0700", "d /srv/a 0755"].map(bytes), inline: true, mounts });
  assert.deepEqual([finding?.code, finding?.severity], ["duplicate-at-boot", "info"]);
  assert.deepEqual(find(["d /srv/a 0700", "d! /srv/a 0755"]), ["2:4 duplicate"]);
});

test("each rule and each finding explains itself", () => {
  for (const rule of RULES) {
    for (const text of [rule.title, rule.why, rule.fix]) assert.ok(text.length > 10, rule.code);
  }
  assert.equal(new Set(RULES.map((rule) => rule.code)).size, RULES.length);
  for (const finding of checkSync({
    args: ["d a" as Bytes, "d /var/run/a" as Bytes],
    inline: true,
    mounts,
  })) {
    assert.ok(finding.title !== "" && finding.why !== "" && finding.fix !== "");
  }
});

test("no false alarms: a trigger FIFO, a source that is not installed, a package's own leftovers", () => {
  assert.deepEqual(find(["p /var/spool/app/trigger 0622"]), []);
  assert.deepEqual(find(["p /var/spool/app/fifo 0666"]), ["1:23 world-writable-file"]);
  const copied = [
    "d /srv/lib 0755 1000 1000",
    "C /srv/lib/ftp - 1000 1000 - /nonexistent/src",
    "d /srv/lib/ftp/upload 0775 1000 1000",
  ];
  assert.deepEqual(find(copied), []);
  assert.deepEqual(find(["e /var/cache/dnf - - - 30d", "r! /var/cache/dnf/*/download_lock.pid"]), []);
  const trees = ["q /var/tmp 1777 root root 30d", "R! /var/tmp/flatpak-cache-*"];
  const [finding] = checkSync({ args: trees.map(bytes), inline: true, mounts });
  assert.deepEqual([finding?.code, finding?.severity], ["unshielded-by-day", "info"]);
});

test("a directory that is a symlink is never cleaned, on the host or below a root", (t) => {
  const root = scratch(t);
  mkdirSync(join(root, "etc/tmpfiles.d"), { recursive: true });
  mkdirSync(join(root, "var/volatile/tmp"), { recursive: true });
  symlinkSync("volatile/tmp", join(root, "var/tmp"));
  const line = "q /var/tmp 1777 root root 30d";
  writeFileSync(join(root, "etc/tmpfiles.d/a.conf"), `${line}\n`);
  const codes = (findings: readonly { code: string }[]): string[] => findings.map(({ code }) => code);
  assert.deepEqual(codes(checkSync({ root: bytes(root) })), ["symlinked-directory"]);
  const onHost = `q ${root}/var/tmp 1777 root root 30d`;
  assert.deepEqual(codes(checkSync({ args: [bytes(onHost)], inline: true, mounts: [] })), [
    "symlinked-directory",
  ]);
});

test("a pipe is read once for both kinds of runs", () => {
  const done = mayfly(["check", "--quiet", "-"], { input: "d /tmp 1777 root root 10d\nr! /tmp/.X*-lock\n" });
  assert.match(done.stdout, /unshielded-by-day/);
});

const stock = "/usr/lib/tmpfiles.d";
/** True: the age of D! lines never applies, and users read the quotes. */
const KNOWN = ["x11.conf age-at-boot-only", "systemd-nologin.conf quoted-argument"];
test("nothing is found in the distribution's configuration", {
  skip: existsSync(stock) ? false : `no ${stock}`,
}, () => {
  const ofVendor = checkSync({}).filter(({ file }) => file.startsWith(`${stock}/`));
  assert.deepEqual(
    ofVendor.filter(
      ({ code, file }) => !code.startsWith("unknown-") && !KNOWN.includes(`${basename(file)} ${code}`),
    ),
    [],
  );
});
