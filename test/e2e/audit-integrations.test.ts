/** The audit where people work: pre-commit in a git repository, and the steps of the action for GitHub. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { has, MAYFLY, ROOT, Scratch, start } from "./program.js";

interface Hook {
  readonly id: string;
  readonly entry: string;
  readonly language: string;
  readonly types?: readonly string[];
  readonly types_or?: readonly string[];
  readonly files?: string;
}

interface Step {
  readonly name: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const read = (file: string): unknown => parse(readFileSync(join(ROOT, file), "utf8"));
const VULNERABLE = "#!/bin/sh\nLOG=/tmp/app.log\necho start >$LOG\n";

test("the hooks run commands that exist", () => {
  const commands = (read(".pre-commit-hooks.yaml") as Hook[]).map(({ entry }) => entry.split(" ")[1] ?? "");
  assert.deepEqual(commands, ["audit", "check"]);
  for (const command of commands)
    assert.equal(start(process.execPath, [MAYFLY, command, "--help"]).status, 0);
});

test("pre-commit rejects a commit with an unsafe use, and accepts its fix", {
  skip: has("pre-commit") && has("git") ? false : "needs pre-commit and git",
}, () => {
  using scratch = new Scratch();
  const { path } = scratch;
  const bin = join(path, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "mayfly"), `#!/bin/sh\nexec ${process.execPath} ${MAYFLY} "$@"\n`);
  chmodSync(join(bin, "mayfly"), 0o755);
  const repository = join(path, "repository");
  mkdirSync(join(repository, "tmpfiles.d"), { recursive: true });
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: path, PRE_COMMIT_HOME: join(path, "cache") };
  const run = (command: string, ...args: readonly string[]) => start(command, args, { cwd: repository, env });
  // The same hooks, without the installation of the package from the network.
  const hooks = (read(".pre-commit-hooks.yaml") as Hook[]).map((hook) => ({ ...hook, language: "system" }));
  writeFileSync(
    join(repository, ".pre-commit-config.yaml"),
    JSON.stringify({ repos: [{ repo: "local", hooks }] }),
  );
  assert.equal(run("git", "init", "-q").status, 0);
  run("git", "config", "user.name", "A");
  run("git", "config", "user.email", "a@a.example");
  assert.equal(run("pre-commit", "install").status, 0);
  const commit = () => {
    run("git", "add", "-A");
    return run("git", "commit", "-qm", "A change");
  };
  writeFileSync(join(repository, "app.sh"), VULNERABLE);
  const rejected = commit();
  assert.equal(rejected.status, 1, rejected.stderr);
  assert.match(rejected.stdout + rejected.stderr, /app\.sh:3:\d+: .*\[TMP001\]/);
  writeFileSync(join(repository, "app.sh"), VULNERABLE.replace("/tmp/app.log", "$(mktemp)"));
  assert.equal(commit().status, 0);
  writeFileSync(join(repository, "tmpfiles.d/app.conf"), "d /run/app 0755 root root 1x\n");
  assert.match(((result) => result.stdout + result.stderr)(commit()), /tmpfiles\.d\/app\.conf:1/);
});

test("the steps of the action write SARIF and fail on findings", {
  skip: has("bash") ? false : "needs bash",
}, () => {
  using scratch = new Scratch();
  writeFileSync(join(scratch.path, "app.sh"), VULNERABLE);
  const { runs } = read("action.yml") as { readonly runs: { readonly steps: readonly Step[] } };
  const stepNamed = (name: string): Step => runs.steps.find((step) => step.name === name) as Step;
  const run = (name: string, failOn: string) => {
    const env = { GITHUB_ACTION_PATH: ROOT, RUNNER_TEMP: scratch.path, AUDITED: ".", FAIL_ON: failOn };
    return start("bash", ["-e", "-o", "pipefail", "-c", stepNamed(name).run ?? ""], {
      cwd: scratch.path,
      env,
    });
  };
  assert.equal(run("Write SARIF", "warning").status, 0);
  const log = JSON.parse(readFileSync(join(scratch.path, "mayfly.sarif"), "utf8")) as {
    runs: { results: object[] }[];
  };
  assert.equal(log.runs[0]?.results.length, 1);
  const report = run("Report", "warning");
  assert.equal(report.status, 1);
  assert.match(report.stdout, /^::warning file=.*app\.sh,line=3/m);
  assert.equal(run("Report", "error").status, 0);
});
