/** Writes the page of a report where only the user who made it can read it. */
import { spawn } from "node:child_process";
import { fchmodSync, fstatSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import {
  type Bytes,
  basename,
  bytes,
  dirname,
  escapeForDisplay,
  join,
  toBuffer,
  toText,
} from "../../base/bytes.js";
import { replaceFile } from "../../path/replace-file.js";
import { identityOf, type ReportData, reportHtml, visibleTo } from "../../report/index.js";
import { Fd, O_DIRECTORY, O_PATH, openat } from "../../sys/files.js";
import { openTrusted } from "../../sys/trusted.js";

const PRIVATE = 0o600;
const READABLE_BY_OWNER = 0o400;

/** If standard output is a regular file of this user, others can no longer open it. */
export function protectOutput(): void {
  const stat = fstatSync(1);
  if (stat.isFile() && stat.uid === process.geteuid?.()) fchmodSync(1, PRIVATE);
}

/** Writes the page to the file, or to a new private one, and returns its path. */
export function writePage(file: Bytes | undefined, html: string): Bytes {
  const path = file ?? join(bytes(mkdtempSync(`${tmpdir()}/mayfly-report-`)), "report.html" as Bytes);
  using dir = openat(Fd.cwd, dirname(path), O_PATH | O_DIRECTORY);
  replaceFile(dir, basename(path), Buffer.from(html), PRIVATE);
  return path;
}

/**
 * Writes one page for each owner of files in the report, with the names that they may see: UID.html, which only they can read.
 * Only root can do that.
 */
export function writePages(directory: Bytes, report: ReportData): void {
  mkdirSync(toBuffer(directory), { recursive: true, mode: 0o755 });
  using found = openTrusted(directory);
  if (found === undefined)
    throw new Error(
      `cannot write pages to '${escapeForDisplay(directory)}': another user could replace them. Use a directory that only root can write to`,
    );
  for (const { uid } of report.owners) {
    const html = reportHtml(visibleTo(identityOf(uid), report));
    replaceFile(found, `${uid}.html` as Bytes, Buffer.from(html), READABLE_BY_OWNER, uid);
  }
}

/** @throws Error if this host has no program that starts browsers */
export function openInBrowser(file: Bytes): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("xdg-open", [toText(file)], { stdio: "ignore", detached: true });
    child.once("spawn", () => {
      child.unref();
      resolve();
    });
    child.once("error", () =>
      reject(
        new Error(
          `cannot run xdg-open, which starts the browser. Install xdg-utils, or open ${escapeForDisplay(file)} yourself`,
        ),
      ),
    );
  });
}
