/** The rules for container files and Kubernetes manifests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { manifestFindingsOf, manifestReport } from "./hosts.js";

const rules = async (name: string, text: string): Promise<string[]> =>
  (await manifestFindingsOf({ [name]: text })).map(({ rule, line }) => `${line} ${rule}`);

const FROM = "FROM debian\n";
const containers: readonly (readonly [name: string, text: string, found: readonly string[]])[] = [
  ["wget, then sh", "RUN wget -qO /tmp/a.sh https://a.example/a.sh\nRUN sh -e /tmp/a.sh\n", ["3 CONT001"]],
  [
    "ADD, then the file itself",
    "ADD https://a.example/a /tmp/\nRUN chmod +x /tmp/a && /tmp/a --yes\n",
    ["3 CONT001"],
  ],
  ["a working directory", "WORKDIR /tmp\nRUN curl -O https://a.example/b.sh\nRUN ./b.sh\n", ["4 CONT001"]],
  ["cd", "RUN cd /tmp && wget https://a.example/b.deb\nRUN dpkg -i /tmp/b.deb\n", ["3 CONT001"]],
  ["a redirection", "RUN curl https://a.example/b.sh > /var/tmp/b\nRUN bash /var/tmp/b\n", ["3 CONT001"]],
  [
    "continued lines with comments",
    "RUN curl \\\n  # quiet\n  -s \\\n  -o /tmp/b https://a.example/b\nRUN true && \\\n  . /tmp/b\n",
    ["6 CONT001"],
  ],
  ["one layer", "RUN curl -o /tmp/b https://a.example/b && sh /tmp/b && rm /tmp/b\n", []],
  ["a file that is only removed", "RUN curl -o /tmp/b https://a.example/b\nRUN rm /tmp/b\n", []],
  ["another directory", "RUN curl -o /opt/b https://a.example/b\nRUN sh /opt/b\n", []],
  ["another stage", "RUN curl -o /tmp/b https://a.example/b\nFROM debian\nRUN sh /tmp/b\n", []],
  ["a volume", "VOLUME /tmp\n", ["2 CONT001"]],
  ["a list of volumes", 'VOLUME ["/data", "/var/tmp"]\n', ["2 CONT001"]],
  ["another volume", "VOLUME /data\n", []],
  ["a comment", "# VOLUME /tmp\n", []],
  ["a server that works in /tmp", 'CMD ["server", "--cache=/tmp/cache"]\n', ["2 CONT001"]],
  [
    "a server with a cleaner",
    'RUN npm install -g mayfly\nENTRYPOINT ["mayfly", "serve", "--"]\nCMD ["server", "--cache=/tmp/cache"]\n',
    [],
  ],
  ["a server", 'CMD ["server"]\n', []],
  ["a here-document", "RUN <<EOF\nVOLUME /tmp\nEOF\n", []],
  ["a suppression", "# mayfly-ok CONT001: read-only\nVOLUME /tmp\n", ["3 CONT001"]],
];
for (const [name, text, found] of containers)
  test(`container file: ${name}`, async () =>
    assert.deepEqual(await rules("Dockerfile", `${FROM}${text}`), found));

test("container files are recognized by name", async () => {
  for (const name of ["Containerfile", "Dockerfile.dev", "app.dockerfile"])
    assert.deepEqual(await rules(name, "VOLUME /tmp\n"), ["1 CONT001"]);
});

const pod = (spec: string): string => `apiVersion: v1\nkind: Pod\nspec:\n${spec}`;
const manifests: readonly (readonly [name: string, text: string, found: readonly string[]])[] = [
  [
    "a path below /var/tmp",
    pod("  containers: []\n  volumes:\n  - hostPath:\n      path: /var/tmp/a\n"),
    ["7 K8S001"],
  ],
  ["another path", pod("  containers: []\n  volumes:\n  - hostPath: {path: /var/log}\n"), []],
  [
    "a persistent volume",
    "kind: PersistentVolume\napiVersion: v1\nspec:\n  hostPath:\n    path: /tmp/data\n",
    ["5 K8S001"],
  ],
  [
    "a deployment in the second document",
    "kind: Namespace\n---\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers: [{name: a}]\n      volumes:\n      - name: t\n        emptyDir: {}\n",
    ["10 K8S002"],
  ],
  [
    "emptyDir without a value",
    pod("  containers: [{name: a}]\n  volumes:\n  - name: t\n    emptyDir:\n"),
    ["7 K8S002"],
  ],
  ["a limit", pod("  containers: []\n  volumes: [{name: t, emptyDir: {sizeLimit: 1Gi}}]\n"), []],
  [
    "limits of each container",
    pod(
      "  containers: [{name: a, resources: {limits: {ephemeral-storage: 1Gi}}, volumeMounts: [{name: t, mountPath: /t}]}]\n  volumes: [{name: t, emptyDir: {}}]\n",
    ),
    [],
  ],
  ["TMPDIR", pod("  containers:\n  - name: a\n    env: [{name: TMPDIR, value: /tmp/a}]\n"), ["6 K8S003"]],
  [
    "another user",
    pod("  securityContext: {runAsUser: 1000}\n  containers:\n  - name: a\n    args: [--log=/tmp/a]\n"),
    [],
  ],
  [
    "a read-only root",
    pod(
      "  containers:\n  - name: a\n    args: [--log=/tmp/a]\n    securityContext: {readOnlyRootFilesystem: true}\n",
    ),
    [],
  ],
  [
    "a container that is root by its own setting",
    pod(
      "  securityContext: {runAsUser: 1000}\n  containers:\n  - name: a\n    args: [--log=/tmp/a]\n    securityContext: {runAsUser: 0}\n",
    ),
    ["7 K8S003"],
  ],
  [
    "a volume at /tmp",
    pod(
      "  containers:\n  - name: a\n    args: [--log=/tmp/a]\n    volumeMounts: [{name: t, mountPath: /tmp}]\n",
    ),
    [],
  ],
  ["no manifest", "jobs:\n  containers: /tmp\n", []],
];
for (const [name, text, found] of manifests)
  test(`manifest: ${name}`, async () => assert.deepEqual(await rules("a.yaml", text), found));

test("a template is listed as not analyzed", async () => {
  const template = pod("  containers:\n  {{- range .Values.x }}\n  - {{ . }}\n  {{ end }}\n");
  const { skipped } = await manifestReport({ "a.yaml": template });
  assert.deepEqual(
    skipped.map(({ reason }) => reason),
    ["not-yaml"],
  );
});
