/** The manifests of contrib/kubernetes fit the published schema, and run commands that exist. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { COMMANDS } from "#src/cli/table.js";
import { mayfly, ROOT } from "../e2e/program.js";

const DIRECTORY = join(ROOT, "contrib/kubernetes");

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
}

const manifests = readdirSync(DIRECTORY).flatMap((file) =>
  parseAllDocuments(readFileSync(join(DIRECTORY, file), "utf8")).map((document) => {
    assert.deepEqual([...document.errors, ...document.warnings], [], file);
    return { file, manifest: document.toJS() as Manifest };
  }),
);

interface Model {
  validate(): void;
}

/** Throws if the manifest does not fit the schema. Like Kubernetes' own, it ignores unknown fields. */
async function validate(manifest: Manifest): Promise<void> {
  const { apiVersion, kind } = manifest;
  const model = (await import(`kubernetes-models/${apiVersion}/${kind}`)) as Record<
    string,
    (new (data: Manifest) => Model) | undefined
  >;
  const Kind = model[kind];
  assert.ok(Kind, `${apiVersion} ${kind}`);
  new Kind(manifest).validate();
}

test("every manifest fits the schema of its kind", async () => {
  const kinds = manifests.map(({ manifest: { kind } }) => kind).sort();
  assert.deepEqual(kinds, ["ConfigMap", "CronJob", "DaemonSet", "Pod"]);
  for (const { file, manifest } of manifests) await assert.doesNotReject(validate(manifest), file);
});

test("the schema rejects what it should", async () => {
  const [found] = manifests.filter(({ manifest: { kind } }) => kind === "DaemonSet");
  assert.ok(found);
  const wrong = [
    ['"containerPort":9750', '"containerPort":"9750"', /containerPort must be integer/],
    ['"selector"', '"select"', /required property selector/],
    ['"type":"DirectoryOrCreate"', '"type":1', /type must be string/],
  ] as const;
  for (const [right, replacement, message] of wrong) {
    const text = JSON.stringify(found.manifest).replace(right, replacement);
    await assert.rejects(validate(JSON.parse(text)), message);
  }
});

/** The containers of Mayfly, wherever they are in an object. */
function containersIn(value: unknown): Container[] {
  if (typeof value !== "object" || value === null) return [];
  if ("image" in value && "args" in value) return [value as Container];
  return Object.values(value).flatMap(containersIn);
}

test("the containers run commands and options that exist", async () => {
  const containers = containersIn(manifests);
  assert.equal(containers.length, 3);
  for (const { args: [name = "", ...args] = [] } of containers) {
    const { options = [] } = (await COMMANDS[name]?.load()) ?? {};
    const known = options.map((option) => `--${option.name}`);
    assert.deepEqual(
      args.filter((arg) => arg.startsWith("--") && !known.includes(arg)),
      [],
      name,
    );
  }
});

test("the lines in the manifests are valid", () => {
  const configured = manifests.flatMap(({ manifest: { data = {} } }) =>
    Object.values(data).flatMap((text) => text.trim().split("\n")),
  );
  const inline = containersIn(manifests).flatMap(({ args = [] }) =>
    args.filter((_, at) => args[at - 1] === "--inline"),
  );
  const lines = [...configured, ...inline];
  assert.equal(lines.length, 3);
  assert.deepEqual(mayfly(["check", "--severity", "warning", "--inline", ...lines]).status, 0);
});
