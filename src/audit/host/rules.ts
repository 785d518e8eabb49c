/** The rules for hosts, HOST001 to HOST005. */
import type { AuditRule } from "../finding.js";

export const HOST_RULES: readonly AuditRule[] = [
  {
    id: "HOST001",
    name: "LinkProtectionOff",
    title: "The kernel's protection of shared directories is off",
    severity: "error",
    risk: "Programs follow symbolic links, hard links, FIFOs and files that other users lay in /tmp, so that each use of a guessable name can be exploited.",
    fix: "Set fs.protected_symlinks=1, fs.protected_hardlinks=1, fs.protected_fifos=1 and fs.protected_regular=1 in /etc/sysctl.d, and run sysctl --system.",
    cwe: [59, 377],
    securitySeverity: "7.0",
  },
  {
    id: "HOST002",
    name: "SharedDirectoryPermissions",
    title:
      "A shared directory has no sticky bit, another owner than root, or a file system without nosuid and nodev",
    severity: "error",
    risk: "Without the sticky bit, every user can rename and remove the files of all others. Without nosuid and nodev, a set-user-ID program or device node that is brought there works.",
    fix: "Set mode 1777 and owner root:root, and mount the file system with nosuid,nodev.",
    cwe: [732, 379],
    securitySeverity: "7.5",
  },
  {
    id: "HOST003",
    name: "RootUsesFileOfOther",
    title: "A process of root has a file open that another user owns and whose name others can guess",
    severity: "warning",
    risk: "The owner of the file chooses what root reads, or lets root write where they want.",
    fix: "Restart the program with PrivateTmp=yes, or let it use a directory that only root can write to.",
    cwe: [377, 379],
    securitySeverity: "6.5",
  },
  {
    id: "HOST004",
    name: "TmpfilesConfiguration",
    title: "A line of tmpfiles.d is invalid, ignored or hardly intended",
    severity: "warning",
    risk: "What the line should create, protect or remove is not: a directory keeps the owner and mode that another user gave it, or files stay forever.",
    fix: "Run mayfly check for the explanation of the line, and what to write instead.",
    cwe: [1188],
    securitySeverity: "3.0",
  },
  {
    id: "HOST005",
    name: "TwoCleaners",
    title: "Two programs clean the shared temporary directories of this host",
    severity: "warning",
    risk: "Each has its own ages and exceptions: what one exempts, the other removes from under running programs.",
    fix: "Disable all but one, for instance with systemctl disable, or by removing the package or job.",
    cwe: [1188],
    securitySeverity: "2.5",
  },
];
