/** Lays out the files of a Debian package below a directory. */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

export const PROJECT = resolve(import.meta.dirname, "../../..");
export const HOME = "usr/lib/mayfly";

export const manifest = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as {
  readonly version: string;
  readonly homepage: string;
};

/** By process.arch. */
export const DEBIAN_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Writes a file with its mode, whatever the umask, and the directories above it. */
export function put(root: string, path: string, content: string | Uint8Array, mode = 0o644): void {
  const file = join(root, path);
  makeDirectory(dirname(file));
  writeFileSync(file, content);
  chmodSync(file, mode);
}

export function putFile(root: string, path: string, from: string, mode = 0o644): void {
  put(root, path, readFileSync(from), mode);
}

function makeDirectory(path: string): void {
  const before = process.umask(0o022);
  mkdirSync(path, { recursive: true });
  process.umask(before);
}

/** Without a time or a name, so that the same content gives the same file. */
export function compressed(content: string | Uint8Array): Uint8Array {
  return gzipSync(content, { level: 9 });
}

/** The program, with the one native file that it loads, and a link in the search path. */
export function stageProgram(root: string, interpreter?: string): void {
  const platform = `linux-${process.arch}`;
  const native = `node_modules/@koromix/koffi-${platform}/${platform.replace("-", "_")}/koffi.node`;
  cpSync(join(PROJECT, "dist/bin"), join(root, HOME, "dist/bin"), { recursive: true });
  execFileSync("chmod", ["-R", "u=rwX,go=rX", join(root, "usr")]);
  for (const file of ["bin/code-cache.js", "bin/package.json", "package.json", native])
    putFile(root, join(HOME, file), join(PROJECT, file));
  const program = readFileSync(join(PROJECT, "bin/mayfly.js"), "utf8");
  put(root, join(HOME, "bin/mayfly.js"), withInterpreter(program, interpreter), 0o755);
  makeDirectory(join(root, "usr/bin"));
  symlinkSync("../lib/mayfly/bin/mayfly.js", join(root, "usr/bin/mayfly"));
}

/** Debian's scripts name their interpreter by its path. */
function withInterpreter(program: string, interpreter = "/usr/bin/node"): string {
  return program.replace(/^#!.*/, `#!${interpreter}`);
}

/** Man pages, completions, and the examples for Prometheus and others. */
export function stageDocumentation(root: string, name: string): void {
  for (const page of readdirSync(join(PROJECT, "man"))) {
    const text = readFileSync(join(PROJECT, "man", page));
    put(root, join("usr/share/man/man1", `${page}.gz`), compressed(text));
  }
  putFile(root, "usr/share/bash-completion/completions/mayfly", join(PROJECT, "completions/mayfly.bash"));
  putFile(root, "usr/share/zsh/vendor-completions/_mayfly", join(PROJECT, "completions/_mayfly"));
  putFile(root, "usr/share/fish/vendor_completions.d/mayfly.fish", join(PROJECT, "completions/mayfly.fish"));
  const documentation = join("usr/share/doc", name);
  cpSync(join(PROJECT, "contrib"), join(root, documentation, "examples"), { recursive: true });
  execFileSync("chmod", ["-R", "u=rwX,go=rX", join(root, documentation)]);
  const changelog = readFileSync(join(PROJECT, "CHANGELOG.md"));
  put(root, join(documentation, "changelog.gz"), compressed(changelog));
  const notices = readFileSync(join(PROJECT, "dist/THIRD-PARTY-NOTICES.txt"));
  put(root, join(documentation, "THIRD-PARTY-NOTICES.gz"), compressed(notices));
}
