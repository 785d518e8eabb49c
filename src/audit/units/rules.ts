/** The rules for systemd units, UNIT001 to UNIT004. */
import type { AuditRule } from "../finding.js";

export const UNIT_RULES: readonly AuditRule[] = [
  {
    id: "UNIT001",
    name: "TemporaryDirectoryBeforeSetup",
    title: "A service that starts early in the boot uses /tmp before it is set up",
    severity: "warning",
    risk: "The file system of /tmp is mounted over what the service wrote, or systemd-tmpfiles-setup.service removes it while the service still uses it.",
    fix: "Use RuntimeDirectory= and $RUNTIME_DIRECTORY, or add After=systemd-tmpfiles-setup.service.",
    cwe: [379, 696],
    securitySeverity: "4.0",
  },
  {
    id: "UNIT002",
    name: "MissingPrivateTmp",
    title: "A service has no private /tmp, and its program uses a guessable name in the shared one",
    severity: "warning",
    risk: "Any user of the host creates the name first: as a symbolic link that the service follows, or as a file whose content they control.",
    fix: "Set PrivateTmp=yes, unless other programs must find the file; then move it to RuntimeDirectory=.",
    cwe: [377, 379],
    securitySeverity: "6.0",
  },
  {
    id: "UNIT003",
    name: "RendezvousInTemporaryDirectory",
    title: "A PID file, socket or FIFO of a unit is in a shared temporary directory",
    severity: "error",
    risk: "Another user creates the name first: they choose the process that systemd treats as the service, receive what clients send, or keep the unit from starting. A cleaner removes the file from under the running service.",
    fix: "Use a path below /run, with RuntimeDirectory= if the service is not root's.",
    cwe: [377, 379],
    securitySeverity: "6.5",
  },
  {
    id: "UNIT004",
    name: "WorkRemovedByAge",
    title: "A service that may run longer than files are kept works in a directory that is cleaned by age",
    severity: "warning",
    risk: "The cleaner removes files that the service still needs, because it has not read or written them for longer than the age of the directory.",
    fix: "Use CacheDirectory= or StateDirectory=, lock the directory with flock(2) while it is in use, or exempt it with an x line in tmpfiles.d.",
    cwe: [379],
    securitySeverity: "3.0",
  },
];
