/** K8S001 to K8S003: what pods do with temporary directories. */
import type { Document, Node, YAMLMap } from "yaml";
import type { FoundAt, TextFile } from "../place-findings.js";
import { isSharedDirectory, isSharedPath, sharedPathsIn } from "../shared-paths.js";

/** The file is no YAML, for instance a template. */
export class ManifestSyntaxError extends Error {
  override readonly name = "ManifestSyntaxError";
}

const MANIFEST = /^[ \t-]*["']?(?:apiVersion|kind)["']?[ \t]*:/m;

/** @throws ManifestSyntaxError */
export async function kubernetesFindings({ text }: TextFile): Promise<FoundAt[]> {
  if (!MANIFEST.test(text) || !/hostPath|emptyDir|containers/.test(text)) return [];
  const { parseAllDocuments } = await import("#yaml");
  const documents = parseAllDocuments(text, { uniqueKeys: false, logLevel: "silent" });
  const found: FoundAt[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) throw new ManifestSyntaxError(error.message.split("\n")[0]);
    found.push(...documentFindings(document));
  }
  return found.sort((a, b) => a.at - b.at);
}

function documentFindings(document: Document): FoundAt[] {
  const plain = safeObject(document);
  const at = placesIn(document);
  const found: FoundAt[] = [];
  walk(plain, [], (object, path) => {
    if (Array.isArray(object.containers)) found.push(...podFindings(object, path, at));
    if (object.kind === "PersistentVolume")
      found.push(...hostPath(objectOf(object.spec), [...path, "spec"], at));
  });
  return found;
}

/** Aliases that expand to too much make no manifest. */
function safeObject(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ManifestSyntaxError(error instanceof Error ? error.message : String(error));
  }
}

type Plain = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];
type Locate = (path: Path) => { readonly at: number; readonly end: number };

const MOST_LEVELS = 60;

function walk(value: unknown, path: Path, visit: (object: Plain, path: Path) => void): void {
  if (typeof value !== "object" || value === null || path.length > MOST_LEVELS) return;
  if (!Array.isArray(value)) visit(value as Plain, path);
  for (const [key, inner] of Object.entries(value))
    walk(inner, [...path, Array.isArray(value) ? Number(key) : key], visit);
}

const objectOf = (value: unknown): Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Plain) : {};
const objectsIn = (value: unknown): Plain[] => (Array.isArray(value) ? value.map(objectOf) : []);

/** Finds the line of a key: the key itself, not only its value. */
function placesIn(document: Document): Locate {
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
      const key = path[length - 1];
      const pair = (parent as YAMLMap | undefined)?.items?.find?.(
        (each) => String((each as { key?: unknown }).key) === String(key),
      );
      const node =
        (pair as { key?: Node } | undefined)?.key ??
        (document.getIn(path.slice(0, length), true) as Node | undefined);
      if (node?.range) return { at: node.range[0], end: node.range[1] };
    }
    return { at: 0, end: 0 };
  };
}

function podFindings(pod: Plain, path: Path, place: Locate): FoundAt[] {
  const containers = (["initContainers", "containers", "ephemeralContainers"] as const).flatMap((list) =>
    objectsIn(pod[list]).map((container, index) => ({ container, path: [...path, list, index] })),
  );
  const all = containers.map(({ container }) => container);
  return [
    ...objectsIn(pod.volumes).flatMap((volume, index) => [
      ...hostPath(volume, [...path, "volumes", index], place),
      ...emptyDir(volume, all, [...path, "volumes", index], place),
    ]),
    ...containers.flatMap((each) => writableRoot(pod, each.container, each.path, place)),
  ];
}

function hostPath(volume: Plain, path: Path, place: Locate): FoundAt[] {
  const target = objectOf(volume.hostPath).path;
  if (typeof target !== "string" || !isSharedPath(target.replace(/\/{2,}/g, "/"))) return [];
  const message = `the volume is ${target} of the node, in which all its users can create files`;
  return [{ rule: "K8S001", ...place([...path, "hostPath", "path"]), message }];
}

function emptyDir(volume: Plain, containers: readonly Plain[], path: Path, place: Locate): FoundAt[] {
  if (!("emptyDir" in volume)) return [];
  const { sizeLimit, medium } = objectOf(volume.emptyDir);
  if (sizeLimit !== undefined && sizeLimit !== null && String(sizeLimit) !== "0") return [];
  const users = containers.filter((each) => mountsOf(each).some(({ name }) => name === volume.name));
  const resource = medium === "Memory" ? "memory" : "ephemeral-storage";
  if (users.length > 0 && users.every((each) => resource in objectOf(objectOf(each.resources).limits)))
    return [];
  const isTemporary = users.some((each) =>
    mountsOf(each).some(({ name, mountPath }) => name === volume.name && isSharedPath(String(mountPath))),
  );
  return [
    {
      rule: "K8S002",
      ...place([...path, "emptyDir"]),
      message: `the volume '${String(volume.name)}' has no sizeLimit`,
      ...(isTemporary || medium === "Memory" ? { severity: "warning" as const } : {}),
    },
  ];
}

function mountsOf(container: Plain): Plain[] {
  return objectsIn(container.volumeMounts);
}

function writableRoot(pod: Plain, container: Plain, path: Path, place: Locate): FoundAt[] {
  const context = { ...objectOf(pod.securityContext), ...objectOf(container.securityContext) };
  const mayBeRoot =
    context.runAsNonRoot !== true && (context.runAsUser === undefined || context.runAsUser === 0);
  if (context.readOnlyRootFilesystem === true || !mayBeRoot) return [];
  const used = writtenPath(container);
  if (used === undefined || isMounted(container, used.path)) return [];
  const message = `the container '${String(container.name)}' may run as root, its root file system is writable, and it uses '${used.path}'`;
  return [{ rule: "K8S003", ...place([...path, used.key]), message }];
}

/** The path in a shared directory that the command or the environment names. */
function writtenPath(container: Plain): { readonly path: string; readonly key: string } | undefined {
  for (const key of ["command", "args"]) {
    const words = Array.isArray(container[key]) ? (container[key] as unknown[]).map(String) : [];
    const [first] = words.flatMap(sharedPathsIn).filter(({ path }) => !isSharedDirectory(path));
    if (first !== undefined) return { path: first.path, key };
  }
  const variable = objectsIn(container.env).find(
    ({ name, value }) =>
      /^(TMPDIR|TMP|TEMP|\w*CACHE\w*|\w*TMP_?DIR)$/.test(String(name)) && isSharedPath(String(value)),
  );
  return variable === undefined ? undefined : { path: String(variable.value), key: "env" };
}

function isMounted(container: Plain, path: string): boolean {
  return mountsOf(container).some(({ mountPath }) => {
    const point = String(mountPath).replace(/\/+$/, "");
    return path === point || path.startsWith(`${point}/`);
  });
}
