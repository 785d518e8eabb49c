/**
 * Builds the Debian packages from dist: `mayfly`, which uses the host's Node, and with --standalone `mayfly-standalone`, which
 * has its own. Usage: deb.js [--standalone] [DIRECTORY]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DEBIAN_VERSION, type DebianPackage, stageControl } from "./control.js";
import { DEBIAN_ARCHITECTURES, HOME, PROJECT, putFile, stageDocumentation, stageProgram } from "./staging.js";

const NODE_MAJOR = "24";

const ABOUT = `Applies tmpfiles.d(5) as systemd-tmpfiles does, on a schedule of its own
where there is none. Explains why a file is kept or removed, forecasts what
the next runs remove, and gives commands a private /tmp.`;

const KOFFI = {
  of: "koffi.node, which is part of koffi (https://koffi.dev/),",
  name: "koffi-license.gz",
  file: join(PROJECT, "node_modules/koffi/LICENSE.txt"),
};
/** The file is built for every distribution, and loaded by its path. */
const NATIVE = "hardening-no-fortify-functions [*/koffi.node]";

function ordinary(architecture: string): DebianPackage {
  return {
    name: "mayfly",
    architecture,
    fields: {
      Depends: "nodejs (>= 20.19), libc6 (>= 2.25), libgcc-s1, libstdc++6",
      Conflicts: "mayfly-standalone",
      Replaces: "mayfly-standalone",
    },
    description: [ABOUT],
    licenses: [KOFFI],
    lintianOverrides: [NATIVE],
  };
}

function standalone(architecture: string, node: string): DebianPackage {
  return {
    name: "mayfly-standalone",
    architecture,
    fields: {
      Depends: "libc6 (>= 2.28), libgcc-s1, libstdc++6",
      Provides: "mayfly",
      Conflicts: "mayfly",
      Replaces: "mayfly",
    },
    description: [ABOUT, `This package contains its own Node.js, for hosts without Node.js 20.19 or\nnewer.`],
    licenses: [
      KOFFI,
      {
        of: `/${HOME}/node, which is Node.js (https://nodejs.org/),`,
        name: "node-license.gz",
        file: join(node, "../../LICENSE"),
      },
    ],
    lintianOverrides: [
      NATIVE,
      // Node.js as its project builds and ships it.
      "embedded-library *",
      "unstripped-binary-or-object [usr/lib/mayfly/node]",
      "hardening-no-fortify-functions [usr/lib/mayfly/node]",
      "hardening-no-pie [usr/lib/mayfly/node]",
      "missing-dep-for-interpreter /usr/lib/mayfly/node *",
      "wrong-path-for-interpreter */usr/lib/mayfly/node*",
    ],
  };
}

/** Of the last commit, so that the same commit gives the same package; or now. */
function buildDate(): Date {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) return new Date(Number(given) * 1000);
  try {
    const text = execFileSync("git", ["-C", PROJECT, "log", "-1", "--format=%ct"], { encoding: "utf8" });
    return new Date(Number(text) * 1000);
  } catch {
    return new Date(Math.floor(Date.now() / 1000) * 1000);
  }
}

function build(directory: string, isStandalone: boolean): string {
  const architecture = DEBIAN_ARCHITECTURES[process.arch];
  if (architecture === undefined) throw new Error(`Debian packages are not built for ${process.arch}`);
  const root = mkdtempSync(join(tmpdir(), "mayfly-deb-"));
  try {
    const node = isStandalone ? nodeBinary() : undefined;
    const debian = node === undefined ? ordinary(architecture) : standalone(architecture, node);
    if (node !== undefined) putFile(root, join(HOME, "node"), node, 0o755);
    stageProgram(root, node && `/${HOME}/node`);
    stageDocumentation(root, debian.name);
    const date = buildDate();
    stageControl(root, debian, date);
    execFileSync("chmod", ["0755", root]);
    const file = join(directory, `${debian.name}_${DEBIAN_VERSION}_${architecture}.deb`);
    const environment = { ...process.env, SOURCE_DATE_EPOCH: String(date.getTime() / 1000) };
    execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z3", "--build", root, file], {
      env: environment,
      stdio: ["ignore", "ignore", "inherit"],
    });
    return file;
  } finally {
    rmSync(root, { recursive: true });
  }
}

function nodeBinary(): string {
  return execFileSync(join(PROJECT, "scripts/node.sh"), [NODE_MAJOR], { encoding: "utf8" }).trim();
}

const args = process.argv.slice(2);
const [directory = PROJECT] = args.filter((arg) => !arg.startsWith("--"));
console.log(build(resolve(directory), args.includes("--standalone")));
