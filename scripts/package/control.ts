/** The files that describe a Debian package: control, copyright, changelog, and what runs when it is installed and removed. */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compressed, HOME, manifest, PROJECT, put } from "./staging.js";

const MAINTAINER = "The Mayfly authors <mayfly-tmp@users.noreply.github.com>";

export interface DebianPackage {
  readonly name: string;
  readonly architecture: string;
  /** Further fields of the control file, such as Depends. */
  readonly fields: Readonly<Record<string, string>>;
  /** Paragraphs of the description after the synopsis. */
  readonly description: readonly string[];
  /** Further licenses, for the documentation: what they are for, and their file. */
  readonly licenses: readonly { readonly of: string; readonly name: string; readonly file: string }[];
  readonly lintianOverrides: readonly string[];
}

const NOT_IN_DEBIAN = "initial-upload-closes-no-bugs *";

/** The revision counts builds of one version; dpkg compares it last. */
export const DEBIAN_VERSION = `${manifest.version}-1`;

export function stageControl(root: string, debian: DebianPackage, date: Date): void {
  const { name, architecture, fields, description, licenses, lintianOverrides } = debian;
  const control = {
    Package: name,
    Version: DEBIAN_VERSION,
    Architecture: architecture,
    Maintainer: MAINTAINER,
    Section: "admin",
    Priority: "optional",
    Homepage: manifest.homepage,
    ...fields,
    Description: ["cleaner and creator of temporary files", ...paragraphs(description)].join("\n"),
  };
  const lines = Object.entries(control).map(([field, value]) => `${field}: ${value}\n`);
  put(root, "DEBIAN/control", lines.join(""));
  for (const script of ["prerm", "postrm"] as const) put(root, `DEBIAN/${script}`, SCRIPTS[script], 0o755);
  const documentation = join("usr/share/doc", name);
  put(root, join(documentation, "copyright"), copyright(licenses));
  for (const { name: license, file } of licenses)
    put(root, join(documentation, license), compressed(readFileSync(file)));
  put(root, join(documentation, "changelog.Debian.gz"), compressed(changelog(name, date)));
  put(root, join(HOME, "divert-systemd-tmpfiles"), DIVERT.replaceAll("@PACKAGE@", name), 0o755);
  const overrides = [NOT_IN_DEBIAN, ...lintianOverrides].map((override) => `${name}: ${override}\n`);
  put(root, join("usr/share/lintian/overrides", name), overrides.join(""));
  put(root, "DEBIAN/md5sums", md5sums(root));
}

/** For `dpkg --verify`. */
function md5sums(root: string): string {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  const packed = files.filter((file) => file.startsWith("usr/") && lstatSync(join(root, file)).isFile());
  const sum = (file: string): string =>
    createHash("md5")
      .update(readFileSync(join(root, file)))
      .digest("hex");
  return packed.map((file) => `${sum(file)}  ${file}\n`).join("");
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, at) => [
    ...(at > 0 ? [" ."] : []),
    ...text.split("\n").map((line) => ` ${line}`),
  ]);
}

function copyright(licenses: DebianPackage["licenses"]): string {
  const own = readFileSync(join(PROJECT, "LICENSE"), "utf8").trim();
  const named = licenses.map(({ of, name }) => `The license of ${of} is in ${name} beside this file.`);
  const all = [
    `Mayfly, from ${manifest.homepage}`,
    own,
    "The licenses of the npm packages in dist/bin are in THIRD-PARTY-NOTICES.gz beside this file.",
    ...named,
    "On Debian systems, the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.",
  ];
  return `${all.join("\n\n")}\n`;
}

function changelog(name: string, date: Date): string {
  const when = date.toUTCString().replace("GMT", "+0000");
  return `${name} (${DEBIAN_VERSION}) unstable; urgency=medium

  * Version ${manifest.version}: see changelog.gz.

 -- ${MAINTAINER}  ${when}
`;
}

/**
 * Before the program goes, systemd gets its own back: a host without systemd-tmpfiles does not boot well. Jobs that start this
 * program would fail from now on, and what they replaced would stay off; those of a program elsewhere are kept.
 */
const PRERM = `#!/bin/sh
set -e
if [ "$1" = remove ]; then
  if grep -qs /usr/lib/mayfly/bin/mayfly.js /var/lib/mayfly/install.json; then
    mayfly uninstall || echo "mayfly: not all jobs could be uninstalled" >&2
  fi
  /usr/lib/mayfly/divert-systemd-tmpfiles disable
fi
`;

/** The code cache and the index of previous runs, and the state of mayfly serve. */
const POSTRM = `#!/bin/sh
set -e
if [ "$1" = purge ]; then
  rm -rf /var/cache/mayfly /var/lib/mayfly
fi
`;

const SCRIPTS = { prerm: PRERM, postrm: POSTRM } as const;

/** A diversion keeps systemd's own program under another name, also when systemd is upgraded: dpkg-divert(1). */
const DIVERT = `#!/bin/sh
# Makes Mayfly this host's systemd-tmpfiles, or undoes that: divert-systemd-tmpfiles enable|disable|status
set -eu

# Debian 12 has it in /bin, Debian 13 in /usr/bin: dpkg knows only one of these names.
path=/usr/bin/systemd-tmpfiles
if dpkg-query -S /bin/systemd-tmpfiles >/dev/null 2>&1; then path=/bin/systemd-tmpfiles; fi
diverted=$path.systemd

is_enabled() { [ "$(dpkg-divert --listpackage "$path")" = @PACKAGE@ ]; }

case \${1-} in
  enable)
    if is_enabled; then exit 0; fi
    # Under a temporary name first, and with the diversion without --rename: the name is there at every moment.
    ln -s /usr/lib/mayfly/bin/mayfly.js "$path.mayfly-new"
    if [ -e "$path" ]; then cp -a "$path" "$diverted"; fi
    dpkg-divert --package @PACKAGE@ --no-rename --divert "$diverted" --add "$path"
    mv -T "$path.mayfly-new" "$path"
    ;;
  disable)
    if ! is_enabled; then exit 0; fi
    if [ -e "$diverted" ]; then mv -T "$diverted" "$path"; else rm -f "$path"; fi
    dpkg-divert --package @PACKAGE@ --no-rename --remove "$path"
    ;;
  status)
    if is_enabled; then echo enabled; else echo disabled; fi
    ;;
  *)
    echo "usage: $0 enable|disable|status" >&2
    exit 64
    ;;
esac
`;
