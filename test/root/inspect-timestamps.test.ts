import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { explainSync, forecastSync } from "#src/inspect/index.js";
import { scratch } from "../scratch.js";
import { NEEDS_ROOT } from "../unit/inspect/watching.js";

const skip = NEEDS_ROOT;
const MAYFLY = join(import.meta.dirname, "../../../bin/mayfly.js");

/** Every kind of entry, old enough that relatime would move its access time at the first look. */
function context(t: TestContext, options: string): { top: string; config: string; paths: string[] } {
  // Hooks run in their order: it is unmounted before it is removed.
  let top = "";
  t.after(() => spawnSync("umount", ["-l", top]));
  top = scratch(t);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", options, "mayfly-test", top], {
    encoding: "utf8",
  });
  assert.equal(mounted.status, 0, mounted.stderr);
  mkdirSync(join(top, "real/deep/deeper"), { recursive: true });
  mkdirSync(join(top, "lost+found"));
  writeFileSync(join(top, "real/deep/f"), "f");
  writeFileSync(join(top, "real/deep/deeper/g"), "g");
  writeFileSync(join(top, "plain"), "p");
  for (const [name, target] of [
    ["link", "real"],
    ["absolute", join(top, "real/deep")],
    ["twice", "link/deep"],
    ["dangling", "nowhere"],
    ["to-itself", "to-itself"],
  ] as const)
    symlinkSync(target, join(top, name));
  spawnSync("mkfifo", [join(top, "fifo")]);
  const config = join(scratch(t), "test.conf");
  const lines = [
    `d ${top} 0755 root root 30d`,
    `e ${top}/link/deep - - - 1s`,
    `e ${top}/absolute/deeper - - - 1s`,
    `D ${top}/twice/deeper 0755 root root 1s`,
    `e ${top}/t*/deeper - - - 1s`,
    `e ${top}/dangling/below - - - 1s`,
    `x ${top}/link/deep/f`,
    `X ${top}/l*/deep/deeper`,
    `r ${top}/to-itself/x - - - 1s`,
    `R ${top}/absolute - - - 1s`,
    `z ${top}/link/deep/f 0600`,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const paths = below(top);
  for (const path of paths) if (!lstatSync(path).isSymbolicLink()) utimesSync(path, 1, 2);
  return { top, config, paths };
}

function below(top: string): string[] {
  return readdirSync(top, { withFileTypes: true }).flatMap((entry) => {
    const path = join(top, entry.name);
    return entry.isDirectory() ? [path, ...below(path)] : [path];
  });
}

const MOUNTS: Readonly<Record<string, string>> = { relatime: "relatime", strictatime: "strictatime" };

for (const [name, options] of Object.entries(MOUNTS)) {
  test(`explain, forecast and check leave atime, mtime and ctime of all as they are, on ${name}`, {
    skip,
  }, (t) => {
    const { top, config, paths } = context(t, options);
    const everything = [top, ...paths];
    const byLink = ["link/deep/f", "twice/f", "absolute/deeper/g", "dangling/x"].map((each) =>
      join(top, each),
    );
    const times = (): string[] =>
      everything.map((path) => {
        const { atimeNs, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
        return `${path} ${atimeNs} ${mtimeNs} ${ctimeNs}`;
      });
    const mayfly = (...args: string[]): void => {
      const { status, stderr, signal } = spawnSync(process.execPath, [MAYFLY, ...args], { encoding: "utf8" });
      assert.equal(signal, null, stderr);
      assert.equal([0, 1, 65].includes(status ?? -1), true, `${args[0]}: ${status} ${stderr}`);
    };
    const before = times();
    const unmoved = (what: string): void => assert.deepEqual(times(), before, what);
    explainSync([...everything, ...byLink], { config: [config] });
    unmoved("explain");
    explainSync([...everything, ...byLink], {
      config: [config],
      version: 252,
      at: 4_000_000_000_000_000_000n,
    });
    unmoved("explain as 252");
    forecastSync([], { config: [config] });
    unmoved("forecast");
    forecastSync([top, join(top, "link")], { config: [config] });
    unmoved("forecast of paths");
    mayfly("explain", "--json", "--config", config, ...everything, ...byLink);
    unmoved("mayfly explain");
    mayfly("forecast", "--config", config, top);
    unmoved("mayfly forecast");
    mayfly("check", config);
    unmoved("mayfly check");
    mayfly("check", "--json", config);
    unmoved("mayfly check --json");
  });
}

test("control: a plain read changes an access time on such a mount", { skip }, (t) => {
  for (const options of Object.values(MOUNTS)) {
    const { top } = context(t, options);
    const atime = (path: string): bigint => lstatSync(path, { bigint: true }).atimeNs;
    const [link, directory] = [join(top, "link"), join(top, "real/deep")];
    const before = [atime(link), atime(directory)];
    spawnSync("sleep", ["0.02"]);
    spawnSync("ls", [join(link, "deep")]);
    assert.notEqual(atime(link), before[0]);
    assert.notEqual(atime(directory), before[1]);
  }
});
