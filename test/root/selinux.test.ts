/**
 * SELinux labels without a kernel that has SELinux: a library replaces libselinux and stores labels in an extended attribute, and a mount
 * namespace contains the file that enables SELinux.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../scratch.js";

const LIBRARY = `
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

static void tell(const char *what, const char *label) {
  FILE *log = fopen(getenv("FAKE_LOG"), "a");
  fprintf(log, "%s %s\\n", what, label ? label : "-");
  fclose(log);
}
int is_selinux_enabled(void) { return 1; }
int security_getenforce(void) { return 1; }
void *selabel_open(unsigned backend, const void *options, unsigned count) { return "policy"; }
int selabel_lookup_raw(void *handle, char **label, const char *path, int mode) {
  if (strstr(path, "unknown")) { errno = ENOENT; return -1; }
  return asprintf(label, "label of %s %o", strrchr(path, '/') + 1, mode & 0170000) < 0 ? -1 : 0;
}
int setfscreatecon_raw(const char *label) { tell("create", label); return 0; }
int getfilecon_raw(const char *path, char **label) {
  char value[256];
  ssize_t length = getxattr(path, "trusted.mayfly-label", value, sizeof value);
  if (length < 0) return -1;
  *label = strndup(value, length);
  return length;
}
int setfilecon_raw(const char *path, const char *label) {
  tell("set", label);
  return setxattr(path, "trusted.mayfly-label", label, strlen(label), 0);
}
void freecon(char *label) { free(label); }
`;

function missing(): string | false {
  if (process.getuid?.() !== 0) return "only root may mount";
  if (spawnSync("cc", ["--version"]).status !== 0) return "there is no C compiler";
  if (spawnSync("unshare", ["-m", "true"]).status !== 0) return "no mount namespaces here";
  return false;
}

test("created and adjusted inodes get the policy's label once", { skip: missing() }, (t) => {
  const at = scratch(t, "/var/tmp");
  mkdirSync(join(at, "lib"));
  mkdirSync(join(at, "old"));
  writeFileSync(join(at, "old/file"), "");
  writeFileSync(join(at, "fake.c"), LIBRARY);
  const library = join(at, "lib/libselinux.so.1");
  const compiled = spawnSync("cc", ["-shared", "-fPIC", "-o", library, join(at, "fake.c")], {
    encoding: "utf8",
  });
  assert.equal(compiled.status, 0, compiled.stderr);
  writeFileSync(join(at, "x.conf"), `d ${at}/a/b\nf ${at}/a/unknown\nZ ${at}/old\n`);
  const script = `mount -t tmpfs none /sys/fs && mkdir /sys/fs/selinux && touch /sys/fs/selinux/enforce &&
    LD_LIBRARY_PATH=${at}/lib exec "$NODE" "$MAYFLY" tmpfiles --create ${at}/x.conf`;
  const environment = {
    ...process.env,
    FAKE_LOG: join(at, "log"),
    NODE: process.execPath,
    MAYFLY: join(import.meta.dirname, "../../../bin/mayfly.js"),
  };
  const log = (): string => {
    const { status, stderr } = spawnSync("unshare", ["-m", "sh", "-c", script], {
      encoding: "utf8",
      env: environment,
    });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    return readFileSync(join(at, "log"), "utf8");
  };
  const first = log();
  assert.equal(
    first,
    [
      "create label of a 40000",
      "create -",
      "create label of b 40000",
      "create -",
      // The stand-in's kernel does not act on the label for creation, so it is set after it, too.
      "set label of b 40000",
      "set label of old 40000",
      "set label of file 100000",
      "",
    ].join("\n"),
  );
  // The second time nothing is made, and each label is as it should be.
  assert.equal(log().slice(first.length), "create label of b 40000\ncreate -\n");
});
