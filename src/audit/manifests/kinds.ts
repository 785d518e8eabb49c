/** Recognizes container files and manifests by their names. */

const CONTAINER_FILE = /^(?:Dockerfile|Containerfile)(?:\..*)?$|\.(?:dockerfile|containerfile)$/i;
const MANIFEST = /\.ya?ml$/i;

export function manifestByName(name: string): "containerfile" | "kubernetes" | undefined {
  if (CONTAINER_FILE.test(name)) return "containerfile";
  return MANIFEST.test(name) ? "kubernetes" : undefined;
}

export function isManifestKind(language: string): boolean {
  return language === "containerfile" || language === "kubernetes";
}
