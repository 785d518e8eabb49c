/** The rules for container files and Kubernetes manifests: CONT001, K8S001 to K8S003. */
import type { AuditRule } from "../finding.js";

export const MANIFEST_RULES: readonly AuditRule[] = [
  {
    id: "CONT001",
    name: "TemporaryDirectoryInImage",
    title:
      "A container file executes a file that an earlier layer left in /tmp, or makes /tmp grow without limit",
    severity: "warning",
    risk: "What an earlier layer downloaded stays in the image and in the build cache, where a base image or a poisoned cache can replace it before it runs. A volume at /tmp outlives its container, may be shared with others, and is never cleaned.",
    fix: "Download, verify, execute and remove in one RUN instruction. Mount a tmpfs at /tmp when the container starts, and clean it with mayfly serve if it runs long.",
    cwe: [494, 377],
    securitySeverity: "5.0",
  },
  {
    id: "K8S001",
    name: "HostTemporaryDirectoryMounted",
    title: "A pod mounts a shared temporary directory of its node",
    severity: "error",
    risk: "Every process of the node, and every other pod with the same mount, can replace the files of the pod, or let it follow symbolic links to files of the node.",
    fix: "Use an emptyDir volume with a sizeLimit, or a path of the node that only this pod uses.",
    cwe: [668, 377],
    securitySeverity: "7.5",
  },
  {
    id: "K8S002",
    name: "EmptyDirWithoutLimit",
    title: "An emptyDir volume has no size limit",
    severity: "note",
    risk: "The pod fills the disk of its node, or its memory if the medium is Memory, and the kubelet evicts other pods.",
    fix: "Set sizeLimit, or limits on ephemeral-storage for every container that mounts the volume.",
    cwe: [770],
    securitySeverity: "3.5",
  },
  {
    id: "K8S003",
    name: "WritableRootWithTemporaryFiles",
    title: "A container that may run as root writes to /tmp in its own root file system",
    severity: "warning",
    risk: "Whoever controls a process in the container can replace what root writes and reads there, and change the programs of the container. The files fill the disk of the node.",
    fix: "Set readOnlyRootFilesystem: true and runAsNonRoot: true, and mount an emptyDir with a sizeLimit at /tmp.",
    cwe: [250, 377],
    securitySeverity: "4.5",
  },
];
